package io.github.t6j.attention;

import io.github.t6j.kernels.PackedMatMul;
import java.security.MessageDigest;

/** Projection from normed activations to the rows of an attention. */
public interface Projection {
    /**
     * Computes the projections of the pass's rows.
     *
     * @param normed [rows][width]
     */
    void project(float[] normed, AttentionPass pass, PackedMatMul matMul);

    /** Returns scratch for {@link #project} with {@code rows} rows, to be set as pass.scratch. */
    default float[][] newScratch(int rows) {
        return new float[0][];
    }

    /** Returns the size of the matrices in bytes. */
    long bytes();

    /** Updates {@code digest} with a sample of the matrices. */
    void sample(MessageDigest digest);
}
