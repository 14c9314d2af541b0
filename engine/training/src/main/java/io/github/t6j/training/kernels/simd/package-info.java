/**
 * SIMD kernels of training. Only this package and {@code generated} import {@code jdk.incubator.vector} in this module;
 * the rules of {@code io.github.t6j.kernels.simd} hold here, too.
 */
package io.github.t6j.training.kernels.simd;
