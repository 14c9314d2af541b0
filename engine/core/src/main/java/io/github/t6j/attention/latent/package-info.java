/**
 * Attentions that cache latents, from which keys and values are computed: MLA, GLA and MLRA. May use {@code attention}
 * and {@code attention.paged}.
 */
package io.github.t6j.attention.latent;
