/**
 * Training. {@link io.github.t6j.training.Trainer} makes models and goes on training them, on the ids of {@link
 * io.github.t6j.training.TokenData}. {@link io.github.t6j.training.TrainableModel} has the parameters, and makes the loss
 * of a micro-batch and its gradients; each operation is a small class with its forward pass and its derivative side by
 * side. Numbers are f32 in arrays of rows; sums that decide, of a loss or a norm, are double. The bits do not depend on the
 * number of threads: an item of a parallel region writes only what is its own, and sums over tokens have a fixed order.
 * May use {@code tokenizer}, {@code family}, {@code model} and all below them; nothing below uses it.
 */
package io.github.t6j.training;
