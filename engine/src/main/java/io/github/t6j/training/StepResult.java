package io.github.t6j.training;

/**
 * An update that was made.
 *
 * @param step which, from 1
 * @param loss before it: the mean over its micro-batches of their mean negative log-probability of a token, in nats
 * @param gradientNorm 2-norm of the gradients before they were clipped
 * @param learningRate its rate
 */
public record StepResult(long step, double loss, double gradientNorm, double learningRate) {}
