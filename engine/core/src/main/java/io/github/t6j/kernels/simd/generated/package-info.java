/**
 * Register tiles, written by {@code TileGenerator} in {@code src/generator}; a test compares the files with its output. May
 * use {@code kernels} and {@code kernels.simd.lanes}. CONTRIBUTING.md says how to change them.
 */
package io.github.t6j.kernels.simd.generated;
