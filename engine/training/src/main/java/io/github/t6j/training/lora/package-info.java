/**
 * Frozen weights of a model whose low-rank adapters are trained, and the checkpoints of these adapters. May use
 * {@code family}, {@code model}, {@code weights}, {@code training.products} and {@code training.Parameter}.
 */
package io.github.t6j.training.lora;
