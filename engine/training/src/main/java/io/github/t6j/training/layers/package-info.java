/**
 * Layers, each with its forward and its backward pass in one class. Values are f32 in row-major arrays, and a layer
 * keeps what its backward pass needs. Sums of a loss or a norm are double. Every item of a parallel loop writes only
 * its own results, and sums over tokens have a fixed order. May use {@code training.products}, {@code
 * training.kernels}, {@code kernels}, {@code weights}, {@code model.TensorSpec}, {@code attention.Rope}, {@code
 * attention.TwoStageProjection} and the configurations of attentions.
 */
package io.github.t6j.training.layers;
