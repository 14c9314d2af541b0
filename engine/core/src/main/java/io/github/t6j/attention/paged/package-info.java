/**
 * Attention over the pages of a cache: for one query, or a block of rows, page by page with an online softmax.
 * May use {@code attention}, {@code cache} and {@code kernels}.
 */
package io.github.t6j.attention.paged;
