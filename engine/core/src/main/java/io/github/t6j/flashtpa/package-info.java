// May use session and attention and all below.

/**
 * FlashTPA for factors that the caller computes: {@link io.github.t6j.flashtpa.FlashTpa} attends straight from
 * factors (paper, Algorithm 2), {@link io.github.t6j.flashtpa.FlashTpaCache} keeps the factors of sequences, and
 * {@link io.github.t6j.flashtpa.RotaryEmbedding} encodes positions in them.
 */
package io.github.t6j.flashtpa;
