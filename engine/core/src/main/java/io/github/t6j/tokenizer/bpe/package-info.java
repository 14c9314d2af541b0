/**
 * Byte-pair encoding: the description of a tokenizer, symbols, merges, vocabulary, and the way back from ids to text.
 * May use {@code tokenizer.split}.
 */
package io.github.t6j.tokenizer.bpe;
