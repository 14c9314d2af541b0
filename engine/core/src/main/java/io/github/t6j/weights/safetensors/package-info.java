/** The safetensors format: reading, writing, indexes of shards, quantised tensors. May use {@code weights}. */
package io.github.t6j.weights.safetensors;
