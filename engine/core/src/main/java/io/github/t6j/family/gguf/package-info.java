/**
 * Maps names, row order and keys of GGUF files to those of the same models at Hugging Face. May use
 * {@code family.llama}.
 */
package io.github.t6j.family.gguf;
