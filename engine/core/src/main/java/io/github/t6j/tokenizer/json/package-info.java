/**
 * Readers of tokenizer files, part by part: tokenizer.json, tokenizer_config.json, vocab.json with merges.txt, GGUF.
 * They make a {@code TokenizerDefinition}; {@code ModelTokenizer} selects the tokenizer of a model. May use {@code
 * tokenizer.bpe}, {@code tokenizer.split}, {@code family}, {@code model} and {@code weights}.
 */
package io.github.t6j.tokenizer.json;
