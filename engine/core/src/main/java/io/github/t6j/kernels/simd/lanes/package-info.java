/** Species of the machine's vectors, on which all SIMD kernels and tiles stand. May use {@code kernels}. */
package io.github.t6j.kernels.simd.lanes;
