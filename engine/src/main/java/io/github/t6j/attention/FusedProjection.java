package io.github.t6j.attention;

import io.github.t6j.kernels.PackedMatMul;
import io.github.t6j.kernels.PackedMatrix;
import java.security.MessageDigest;

/**
 * One product for everything that attention needs.
 *
 * @param matrix [attention.projections()][width]
 */
record FusedProjection(PackedMatrix matrix) implements Projection {
    @Override
    public void project(float[] normed, AttentionPass pass, PackedMatMul matMul) {
        matMul.multiply(matrix, normed, matrix.inputs(), pass.rows, pass.projections, pass.stride);
    }

    @Override
    public long bytes() {
        return matrix.bytes();
    }

    @Override
    public void sample(MessageDigest digest) {
        matrix.sample(digest);
    }
}
