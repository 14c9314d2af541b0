package io.github.t6j;

/**
 * Kernels for {@link ModelOptions#withKernels}, such as those that {@code NativeKernels.load()} of the artifact
 * t6j-native returns. All kernels give the same bits.
 */
public interface ComputeKernels {}
