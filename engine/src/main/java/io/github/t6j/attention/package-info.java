/**
 * Attention: what a block sees of it ({@link io.github.t6j.attention.Attention}), each attention as one class, and the
 * algorithms that compute them for a sequence ({@link io.github.t6j.attention.AttentionAlgorithm}). Rows of a prompt
 * that meet a page together are a {@code Prefill}'s: of whole heads {@code GroupedPrefill}, of factors {@code
 * MixedPrefill} (of latents {@code LatentPrefill}, which {@code LatentAlgorithm} calls). A new attention is a class, a record of its sizes ({@link io.github.t6j.attention.AttentionConfig}),
 * and a layout in {@code cache} if it keeps other elements; a family says which models have it. May use {@code cache}
 * and {@code kernels}.
 */
package io.github.t6j.attention;
