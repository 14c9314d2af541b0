package io.github.t6j.attention;

import io.github.t6j.kernels.PackedMatMul;
import java.security.MessageDigest;

/** How a block makes its attention's rows of normed activations. */
public interface Projection {
    /**
     * Makes the projections of the pass's rows.
     *
     * @param normed [rows][width]
     */
    void project(float[] normed, AttentionPass pass, PackedMatMul matMul);

    /** What {@link #project} needs as pass.scratch for {@code rows} rows. */
    default float[][] newScratch(int rows) {
        return new float[0][];
    }

    /** Bytes of the matrices. */
    long bytes();

    /** Gives {@code digest} a sample of the matrices. */
    void sample(MessageDigest digest);
}
