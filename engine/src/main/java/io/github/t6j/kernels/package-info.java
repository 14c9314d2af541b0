/**
 * The few operations that cost time, their scalar twin, the choice between it and SIMD, packed weight matrices and the
 * threads. May use {@code weights}; knows nothing of models, attention or caches.
 */
package io.github.t6j.kernels;
