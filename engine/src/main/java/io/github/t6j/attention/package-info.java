/**
 * Attention: what a variant is ({@link io.github.t6j.attention.Attention}), the variants, and the ways to compute
 * them for a sequence ({@link io.github.t6j.attention.AttentionAlgorithm}). A new variant is a class that implements {@code Attention}, a layout in {@code cache} if
 * it keeps other elements, and a line where {@code model.Architecture} names it. May use {@code cache} and {@code
 * kernels}.
 */
package io.github.t6j.attention;
