/** Frozen weights of a model whose low-rank adapters are trained. */
package io.github.t6j.training.lora;
