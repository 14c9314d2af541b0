package io.github.t6j.training;

/**
 * Result of an update.
 *
 * @param step number of the update, from 1
 * @param loss loss before the update, in nats: the mean negative log-probability of its scored tokens, or the mean of
 *     the means of the caller's micro-batches
 * @param gradientNorm 2-norm of the gradients before clipping
 * @param learningRate learning rate of the update
 */
public record StepResult(long step, double loss, double gradientNorm, double learningRate) {}
