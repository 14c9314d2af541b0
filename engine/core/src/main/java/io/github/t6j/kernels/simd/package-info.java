/**
 * SIMD kernels, one small class per family. Only this package, {@code generated} and
 * {@code lanes} import {@code jdk.incubator.vector}, and only {@code kernels.choice} refers to them. {@link
 * io.github.t6j.kernels.Kernels} defines what each kernel computes, and in which order.
 *
 * <p>C2 imposes these rules, each of them measured: species are static and final; vectors of floats and ints have the
 * width of {@code Lanes} and no other (ADR 28); a method holds one kernel; no helper takes or returns a vector (C2 may
 * silently not inline it and then allocates every vector); no return carries a vector out of a loop.
 */
package io.github.t6j.kernels.simd;
