/**
 * Layers with forward and backward side by side: each keeps what its backward pass needs, in row-major arrays. May use
 * {@code training.Parameter}, {@code kernels} and {@code attention.Rope}.
 */
package io.github.t6j.training.layers;
