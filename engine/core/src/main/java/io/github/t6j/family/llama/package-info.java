/** Llama and families like it: Mistral, Qwen, SmolLM3, Mixtral, Granite, Phi-3 and Gemma. May use {@code family}. */
package io.github.t6j.family.llama;
