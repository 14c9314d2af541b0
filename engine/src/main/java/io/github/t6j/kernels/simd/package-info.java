/**
 * The SIMD kernels: a small class per family. The only package that imports {@code jdk.incubator.vector}; nothing but
 * {@code kernels.KernelChoice} names it. What a kernel computes, and in which order, is said at
 * {@link io.github.t6j.kernels.Kernels}.
 *
 * <p>Rules that C2 imposes, each measured: species are static and final; vectors of floats and of ints have the width of
 * {@code Lanes} and no other (ADR 28); one kernel a method; no helper that takes or returns a vector (it may silently not
 * be inlined, and every vector is then allocated); no vector is carried out of a loop by a return.
 */
package io.github.t6j.kernels.simd;
