/**
 * Tensor product attention: FlashTPA on the factors that the cache keeps, and values rebuilt from them for many rows.
 * {@code forms} has the factors that only the paper has. May use {@code attention} and {@code attention.paged}.
 */
package io.github.t6j.attention.tpa;
