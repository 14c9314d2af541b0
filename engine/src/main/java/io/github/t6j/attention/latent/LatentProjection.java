package io.github.t6j.attention.latent;

import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.Projection;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.PackedMatMul;
import io.github.t6j.kernels.PackedMatrix;
import java.security.MessageDigest;

/**
 * Projection of MLA in two stages with norms between them: first the latents of the query and of keys and values, then
 * the queries.
 *
 * @param sizes sizes of the attention
 * @param down [queryRank + rank + rope][width]: q_a_proj above kv_a_proj_with_mqa
 * @param queryNorm [queryRank], gain of q_a_layernorm
 * @param latentNorms [latents][latentDim], gains of kv_a_layernorm
 * @param up [heads · (nope + rope)][queryRank], q_b_proj
 */
record LatentProjection(LatentConfig sizes, PackedMatrix down, float[] queryNorm, float[][] latentNorms,
        PackedMatrix up)
        implements
            Projection {
    /** Epsilon of both norms. */
    private static final float EPSILON = 1e-6f;

    @Override
    public float[][] newScratch(int rows) {
        return new float[][] {new float[rows * down.stride()], new float[rows * up.stride()], new float[Kernels.LANES]};
    }

    @Override
    public void project(float[] normed, AttentionPass pass, PackedMatMul matMul) {
        float[] latents = pass.scratch[0]; // [rows][down.stride()]
        float[] queries = pass.scratch[1]; // [rows][up.stride()]
        float[] lanes = pass.scratch[2];
        Kernels kernels = matMul.kernels();
        matMul.multiply(down, normed, down.inputs(), pass.rows, latents);
        for (int row = 0; row < pass.rows; row++) {
            int at = row * down.stride();
            kernels.rmsNorm(latents, at, queryNorm.length, EPSILON, queryNorm, latents, at, lanes);
        }
        matMul.multiply(up, latents, down.stride(), pass.rows, queries);
        for (int row = 0; row < pass.rows; row++) {
            int latent = row * down.stride() + queryNorm.length;
            int latentTo = pass.at(row) + (sizes.heads() + 1) * sizes.rope();
            for (float[] gain : latentNorms) {
                kernels.rmsNorm(latents, latent, gain.length, EPSILON, gain, pass.projections, latentTo, lanes);
                latent += gain.length;
                latentTo += gain.length;
            }
            arrange(queries, row * up.stride(), latents, latent, pass, row);
        }
    }

    /** Copies queries and k_pe in the order of {@link LatentAttention}, rotated elements first. */
    private void arrange(float[] queries, int query, float[] latents, int keyAt, AttentionPass pass, int row) {
        int rope = sizes.rope();
        int nope = sizes.headDim();
        int rotated = pass.at(row);
        int plain = rotated + (sizes.heads() + 1) * rope + sizes.rank();
        for (int h = 0; h < sizes.heads(); h++) {
            int from = query + h * (nope + rope);
            System.arraycopy(queries, from + nope, pass.projections, rotated + h * rope, rope);
            System.arraycopy(queries, from, pass.projections, plain + h * nope, nope);
        }
        System.arraycopy(latents, keyAt, pass.projections, rotated + sizes.heads() * rope, rope);
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
}
