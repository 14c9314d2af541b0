/**
 * Readers of tokenizer files, part by part: tokenizer.json, tokenizer_config.json, vocab.json with merges.txt, GGUF.
 * They make a {@code TokenizerDefinition}. May use {@code tokenizer.bpe}, {@code tokenizer.split} and {@code weights}.
 */
package io.github.t6j.tokenizer.json;
