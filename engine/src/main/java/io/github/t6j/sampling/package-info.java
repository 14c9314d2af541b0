/**
 * From logits to the next id, and from text to the place where it stops.
 *
 * <p>{@link io.github.t6j.sampling.Sampler} is a pipeline of small steps, each a class of its own that implements
 * {@code Step}: it changes the logits of the {@code Candidates} or keeps fewer of them. To add one, write the class and
 * name it in {@code Sampler.pipeline}, which is also where the order is. {@link
 * io.github.t6j.sampling.StopStrings} ends a text where a stop string appears, and is independent of the rest.
 *
 * <p>Callers bring a step of their own as a {@link io.github.t6j.sampling.SamplingStep}.
 *
 * <p>All arithmetic is in double, in a fixed order, with {@link java.lang.StrictMath} or own functions, and draws come from
 * an own generator: a seed chooses the same ids from the same logits on every machine.
 */
package io.github.t6j.sampling;
