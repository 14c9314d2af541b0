/** Operations that only training needs; {@code scalar} and {@code simd} implement them. May use {@code kernels}. */
package io.github.t6j.training.kernels;
