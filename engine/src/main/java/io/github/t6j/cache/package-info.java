/**
 * Caches of a sequence: pages, with the elements of each attention as {@link io.github.t6j.cache.PageLayout}, {@link
 * io.github.t6j.cache.FactorCache}, {@link io.github.t6j.cache.HeadCache} and {@link io.github.t6j.cache.LatentCache}
 * draw them, or a state ({@link io.github.t6j.cache.StateCache}). May use {@code kernels}, and {@code weights} to save;
 * independent of how attention reads a cache.
 */
package io.github.t6j.cache;
