/**
 * What is kept per token: pages, and which elements of each attention they hold, drawn in {@link
 * io.github.t6j.cache.PageLayout}, {@link io.github.t6j.cache.FactorCache}, {@link io.github.t6j.cache.HeadCache} and
 * {@link io.github.t6j.cache.LatentCache}; or a state ({@link io.github.t6j.cache.StateCache}).
 * May use {@code kernels} and {@code weights} (to be saved); does not know how attention reads it.
 */
package io.github.t6j.cache;
