/**
 * FlashTPA for factors of one's own: {@link io.github.t6j.flashtpa.FlashTpa} attends straight from factors in native
 * memory (paper, Algorithm 2), {@link io.github.t6j.flashtpa.FlashTpaCache} keeps the factors of sequences. May use
 * {@code session} and {@code attention} and all below.
 */
package io.github.t6j.flashtpa;
