package io.github.t6j.model;

import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.PackedMatrix;
import java.security.MessageDigest;

/** How a block makes its attention's row of projections of a position: a.projections of a.normed. */
sealed interface Projection {

    /** The projections of {@code rows} positions. */
    void project(Kernels kernels, int rows, Activations a);

    /** Bytes of the matrices. */
    long bytes();

    /** Gives {@code digest} a sample of the matrices. */
    void sample(MessageDigest digest);

    /**
     * One product for everything that attention needs.
     *
     * @param matrix [attention.projections()][width]
     */
    record Fused(PackedMatrix matrix) implements Projection {
        @Override
        public void project(Kernels kernels, int rows, Activations a) {
            a.product.multiply(matrix, a.normed, matrix.inputs(), rows, a.projections, a.projectionStride);
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

    /**
     * MLA's two stages with norms between: a latent of the query and one of keys and values, then the queries.
     *
     * @param sizes of the parts
     * @param down [queryRank + rank + rope][width]: q_a_proj above kv_a_proj_with_mqa
     * @param queryNorm [queryRank], weight of q_a_layernorm
     * @param latentNorm [rank], weight of kv_a_layernorm
     * @param up [heads · (nope + rope)][queryRank], q_b_proj
     */
    record Latent(LatentSizes sizes, int heads, PackedMatrix down, float[] queryNorm, float[] latentNorm,
            PackedMatrix up) implements Projection {
        @Override
        public void project(Kernels kernels, int rows, Activations a) {
            a.product.multiply(down, a.normed, down.inputs(), rows, a.latents);
            for (int row = 0; row < rows; row++) {
                int at = row * down.stride();
                kernels.rmsNorm(
                        a.latents, at, queryNorm.length, RmsNorm.LATENT_EPSILON, queryNorm, a.latents, at, a.lanes[0]);
            }
            a.product.multiply(up, a.latents, down.stride(), rows, a.queries);
            for (int row = 0; row < rows; row++) {
                arrange(kernels, row, a);
            }
        }

        @Override
        public long bytes() {
            return down.bytes() + up.bytes();
        }

        @Override
        public void sample(MessageDigest digest) {
            down.sample(digest);
            up.sample(digest);
        }

        /** What is to be rotated first, as {@link io.github.t6j.attention.LatentAttention} wants it. */
        private void arrange(Kernels kernels, int row, Activations a) {
            int rope = sizes.rope();
            int nope = up.outputs() / heads - rope;
            int to = row * a.projectionStride;
            int latent = row * down.stride() + queryNorm.length;
            int query = row * up.stride();
            for (int h = 0; h < heads; h++) {
                System.arraycopy(a.queries, query + h * (nope + rope) + nope, a.projections, to + h * rope, rope);
            }
            to += heads * rope;
            System.arraycopy(a.latents, latent + latentNorm.length, a.projections, to, rope);
            to += rope;
            kernels.rmsNorm(
                    a.latents, latent, latentNorm.length, RmsNorm.LATENT_EPSILON, latentNorm, a.projections, to,
                    a.lanes[0]);
            to += latentNorm.length;
            for (int h = 0; h < heads; h++) {
                System.arraycopy(a.queries, query + h * (nope + rope), a.projections, to + h * nope, nope);
            }
        }
    }
}
