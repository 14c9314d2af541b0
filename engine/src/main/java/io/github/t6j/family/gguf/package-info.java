/** Names, row order and keys of GGUF files as Hugging Face has the same models. May use {@code family.llama}. */
package io.github.t6j.family.gguf;
