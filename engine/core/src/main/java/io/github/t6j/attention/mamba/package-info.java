/** Mamba-3: a state-space mixer with a state of one size. May use {@code attention}. */
package io.github.t6j.attention.mamba;
