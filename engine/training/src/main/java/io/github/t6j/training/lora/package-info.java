/**
 * Frozen weights of a model whose low-rank adapters are trained, and the checkpoints of these adapters. May use
 * {@code training.layers.TrainingTensor}, {@code training.products}, {@code family}, {@code model} and {@code weights}.
 */
package io.github.t6j.training.lora;
