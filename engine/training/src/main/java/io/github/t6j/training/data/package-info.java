/**
 * Training data on disk: texts, documents, shards of ids, caches of tokens, and the windows from which batches are
 * made. May use {@code training.layers.MicroBatch}, {@code tokenizer}, {@code weights} and {@code json}.
 */
package io.github.t6j.training.data;
