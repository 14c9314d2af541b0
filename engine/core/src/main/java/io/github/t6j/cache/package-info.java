/**
 * Caches of a sequence: pages, as {@link io.github.t6j.cache.PageLayout} and the attentions define them, or a state
 * ({@link io.github.t6j.cache.StateCache}). May use {@code kernels}, {@code weights} to allocate and to save, and
 * {@code events}; independent of how attention reads a cache.
 */
package io.github.t6j.cache;
