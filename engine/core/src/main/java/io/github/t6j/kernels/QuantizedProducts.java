package io.github.t6j.kernels;

import io.github.t6j.ComputeKernels;
import java.lang.foreign.MemorySegment;

/**
 * Products with quantised weights that are computed outside Java, with the same bits as {@link Kernels}. They
 * compute the products of rows in their own form, {@link RoundedRows#NATIVE}; other kernels compute all others.
 */
public interface QuantizedProducts extends ComputeKernels {
    /** Returns a description, such as {@code native, AVX2}. */
    String description();

    /**
     * Returns an empty object for rows, which are in the form {@link RoundedRows#NATIVE} or that of other kernels.
     *
     * @param others rows of the other kernels
     */
    RoundedRows roundedRows(RoundedRows others);

    /** Does the same as {@link Kernels#round} for rows in their own form. */
    void round(float[] x, int xAt, int count, RoundedRows to, int row);

    /** Does the same as {@link Kernels#multiplyBlocks} for rows in their own form. */
    void multiplyBlocks(
            RoundedRows x, BlockFormat format, MemorySegment w, long wAt, float[] units, int unitAt, int panels,
            float[] y, int yAt, int yStride);

    /** Does the same as {@link Kernels#multiplyKQuants} for rows in their own form. */
    void multiplyKQuants(
            RoundedRows x, KQuantFormat format, MemorySegment w, long wAt, float unit, float[] y, int yAt,
            int yStride);
}
