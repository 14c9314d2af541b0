/**
 * Operations that cost time: SIMD kernels, their scalar twin, the choice between them, packed weight matrices and the
 * threads. May use {@code weights}; independent of models, attention and caches.
 */
package io.github.t6j.kernels;
