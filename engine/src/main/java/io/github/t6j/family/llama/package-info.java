/** Llama, Mistral, Qwen2, Qwen3, SmolLM3, Qwen3-MoE and Mixtral. May use {@code family}. */
package io.github.t6j.family.llama;
