/**
 * The list of all families, and loading: a model's family determines its tensor names and its tokenizer. May use
 * {@code family}, all families in it, and {@code tokenizer}.
 */
package io.github.t6j.family.registry;
