/**
 * Lists of all families and presets, and what is chosen by a model's family: the names of its tensors and its
 * tokenizer. May use {@code family}, all families in it, and {@code tokenizer}.
 */
package io.github.t6j.family.registry;
