package io.github.t6j.attention;

import io.github.t6j.kernels.PackedMatMul;
import io.github.t6j.kernels.PackedMatrix;
import java.util.List;

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

    List<PackedMatrix> matrices();

    /**
     * Projection that computes the elements of a row in several products, one after the other, because the matrices have
     * different types.
     *
     * @param parts matrices [·][width], in the order of a row
     */
    record Parts(List<PackedMatrix> parts) implements Projection {
        @Override
        public void project(float[] normed, AttentionPass pass, PackedMatMul matMul) {
            int at = 0; // a product overwrites up to a panel after its elements, so the order matters
            for (int i = 0; i < parts.size(); i++) {
                PackedMatrix matrix = parts.get(i);
                matMul.multiply(matrix, normed, matrix.inputs(), pass.rows, pass.projections, at, pass.stride);
                at += matrix.outputs();
            }
        }

        @Override
        public List<PackedMatrix> matrices() {
            return parts;
        }
    }

    /**
     * Projection that computes all elements of a row in one product.
     *
     * @param matrix [attention.projections()][width]
     * @param bias [attention.projections()], or null without a bias
     */
    record Fused(PackedMatrix matrix, float[] bias) implements Projection {
        @Override
        public void project(float[] normed, AttentionPass pass, PackedMatMul matMul) {
            matMul.multiply(matrix, normed, matrix.inputs(), pass.rows, pass.projections, pass.stride);
            matMul.add(bias, pass.rows, pass.projections, pass.stride);
        }

        @Override
        public List<PackedMatrix> matrices() {
            return List.of(matrix);
        }
    }
}
