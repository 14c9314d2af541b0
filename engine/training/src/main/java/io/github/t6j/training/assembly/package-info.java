/**
 * Assembly of a model in training from the roles of its tensors, and the check that training supports the model. May
 * use {@code training.layers}, {@code training.lora}, {@code family}, {@code model} and the configurations of
 * attentions.
 */
package io.github.t6j.training.assembly;
