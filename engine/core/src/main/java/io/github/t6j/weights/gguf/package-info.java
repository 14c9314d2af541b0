/** The GGUF format: keys, tensors, and GGML's types. May use {@code weights}. */
package io.github.t6j.weights.gguf;
