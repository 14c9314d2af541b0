// Each operation is a small class with its forward and its backward pass side by side. Values are f32 in row-major
// arrays; sums of a loss or a norm are double. Each item of a parallel loop writes only its own results, and sums over
// tokens have a fixed order. This package may use tokenizer, session, family, model and all packages below them; none of
// those uses it.

/**
 * Training. {@link io.github.t6j.training.Trainer} trains new or existing models on the ids of
 * {@link io.github.t6j.training.TokenData}. {@link io.github.t6j.training.TrainableModel} holds the parameters and
 * computes the loss of a micro-batch and its gradients. The bits of a result do not depend on the number of threads.
 */
package io.github.t6j.training;
