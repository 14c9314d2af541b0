/** Species of the machine's vectors and the table of tiles, which all SIMD kernels use. May use {@code kernels}. */
package io.github.t6j.kernels.simd.lanes;
