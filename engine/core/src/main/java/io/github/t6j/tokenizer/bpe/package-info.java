/**
 * Byte-pair encoding: symbols, merges, vocabulary, learning of merges, and the way back from ids to text. May use
 * {@code tokenizer.split}, and the definition of {@code tokenizer.json}.
 */
package io.github.t6j.tokenizer.bpe;
