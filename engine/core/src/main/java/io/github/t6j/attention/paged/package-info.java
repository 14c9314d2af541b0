/**
 * Attention over the pages of a cache: one query, or a block of rows, visits the pages in order with an online softmax.
 * May use {@code attention}, {@code cache} and {@code kernels}.
 */
package io.github.t6j.attention.paged;
