/** The scalar twin of the gradient kernels. May use {@code kernels} and {@code training.kernels}. */
package io.github.t6j.training.kernels.scalar;
