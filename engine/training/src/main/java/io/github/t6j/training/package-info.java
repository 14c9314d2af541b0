// This package may use all packages inside it, which do not use it, and the core's tokenizer, session, family, model
// and the packages below them.

/**
 * Training. {@link io.github.t6j.training.Trainer} trains new or existing models on the ids of
 * {@link io.github.t6j.training.TokenData}. {@link io.github.t6j.training.TrainableModel} holds the parameters and
 * computes the loss of a micro-batch and its gradients. The bits of a result do not depend on the number of threads.
 */
package io.github.t6j.training;
