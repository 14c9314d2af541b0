// Sampler is a pipeline of small steps, each a Step: it changes the logits of the Candidates or removes some of them.
// To add a step, write it and add it to Sampler.pipeline, which defines the order. All arithmetic is in double in a
// fixed order, with StrictMath or functions of this package.

/**
 * Sampling: choosing the next id from logits by {@link io.github.t6j.sampling.SamplingOptions}.
 * {@link io.github.t6j.sampling.Sampler} is for programs that feed ids themselves. Callers may add a custom
 * {@link io.github.t6j.sampling.SamplingStep}, or restrict the text by a {@link io.github.t6j.sampling.Constraint}.
 *
 * <p>A seed chooses the same ids from the same logits on every machine.
 */
package io.github.t6j.sampling;
