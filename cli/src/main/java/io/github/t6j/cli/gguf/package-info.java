/**
 * Writes models as GGUF files for llama.cpp. {@link io.github.t6j.cli.gguf.GgufExport} is the entry: {@code ModelKeys}
 * has the keys of the architecture, {@code TokenizerKeys} those of the tokenizer, {@code TensorNames} the names and the
 * order of rows, and {@code GgufFile} the format. The engine reads all of it in {@code io.github.t6j.family.gguf}.
 */
package io.github.t6j.cli.gguf;
