/**
 * Sampling: choosing the next id from logits, and ending text at stop strings.
 *
 * <p>{@link io.github.t6j.sampling.Sampler} is a pipeline of small steps, each a {@code Step}: it changes the logits
 * of the {@code Candidates} or removes some of them. To add a step, write it and add it to {@code Sampler.pipeline},
 * which defines the order. {@link io.github.t6j.sampling.StopStrings} ends a text at a stop
 * string, and is independent of the other classes.
 *
 * <p>Callers can provide a step of their own as a {@link io.github.t6j.sampling.SamplingStep}.
 *
 * <p>All arithmetic is in double in a fixed order, with {@link java.lang.StrictMath} or functions of this package, and
 * the random numbers come from the engine's own generator. So a seed chooses the same ids from the same logits on every
 * machine.
 */
package io.github.t6j.sampling;
