/** Llama, Mistral, Qwen2, Qwen3 and SmolLM3. May use {@code family}. */
package io.github.t6j.family.llama;
