/**
 * Tensor product attention of T6 and T6 KV-only: FlashTPA on the cached factors, and values rebuilt from
 * them for many rows. {@code forms} contains the forms that only the paper describes. May use {@code attention},
 * {@code attention.paged}, {@code cache} and {@code kernels}.
 */
package io.github.t6j.attention.tpa;
