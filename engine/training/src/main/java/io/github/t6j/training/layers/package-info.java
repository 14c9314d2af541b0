/**
 * Layers with forward and backward side by side: each keeps what its backward pass needs, in row-major arrays. May use
 * {@code training.Parameter}, {@code training.products}, {@code kernels}, {@code weights}, {@code attention.Rope},
 * {@code attention.TwoStageProjection} and the configurations of attentions.
 */
package io.github.t6j.training.layers;
