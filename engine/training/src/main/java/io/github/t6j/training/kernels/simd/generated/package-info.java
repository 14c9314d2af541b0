/** Register tiles of training, written by the core's {@code TileGenerator}; a test compares files and output. */
package io.github.t6j.training.kernels.simd.generated;
