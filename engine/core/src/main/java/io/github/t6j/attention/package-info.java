/**
 * Attention: the interface to a block ({@link io.github.t6j.attention.Attention}), one class per kind of attention, and
 * the algorithms that compute them for a sequence ({@link io.github.t6j.attention.AttentionAlgorithm}).
 *
 * <p>{@code Prefill} computes passes of many rows, with the operations of {@code GroupedAttention} for whole heads, of
 * {@code MixedOperations} for factors, and of {@code LatentOperations} for latents, called by {@code LatentAlgorithm}.
 *
 * <p>A new attention needs a class, a record of its sizes ({@link io.github.t6j.attention.AttentionConfig}), and a
 * layout in {@code cache} if it caches other elements; the families of models that use it must be extended. This
 * package may use {@code cache} and {@code kernels}.
 */
package io.github.t6j.attention;
