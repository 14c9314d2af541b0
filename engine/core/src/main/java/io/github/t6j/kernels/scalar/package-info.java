/** The scalar twin: the kernels in plain Java, with the same bits as the SIMD kernels. May use {@code kernels}. */
package io.github.t6j.kernels.scalar;
