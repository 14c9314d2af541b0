/**
 * Lists of all families and presets. A model's family also determines its tensor names and its tokenizer. May use
 * {@code family}, all families in it, and {@code tokenizer}.
 */
package io.github.t6j.family.registry;
