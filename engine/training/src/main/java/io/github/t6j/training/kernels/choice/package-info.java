/** Choice of the gradient kernels. May use {@code kernels}, {@code training.kernels} and the packages inside it. */
package io.github.t6j.training.kernels.choice;
