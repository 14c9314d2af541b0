package io.github.t6j.attention;

import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.PackedMatMul;
import io.github.t6j.kernels.PackedMatrix;
import java.util.List;

/**
 * Projection of queries from a normalised latent, and of keys and values, or their latents, directly. A row is the
 * queries, then the outputs of {@code down} after the query's latent. The latents of keys and values come first among
 * these; they are normalised and moved to the end.
 *
 * @param down [query latent + keys and values][width]
 * @param queryNorm [query latent], gain of its norm
 * @param keyValueNorms [latents][elements of a latent], gains of the norms of latents of keys and values, if any
 * @param up [queries][query latent]
 */
public record TwoStageProjection(
        PackedMatrix down, float[] queryNorm, float[][] keyValueNorms, PackedMatrix up) implements Projection {
    /** Epsilon of the norms of latents. */
    public static final float EPSILON = 1e-6f;

    @Override
    public float[][] newScratch(int rows) {
        return new float[][] {new float[rows * down.stride()], new float[Kernels.LANES]};
    }

    @Override
    public void project(float[] normed, AttentionPass pass, PackedMatMul matMul) {
        float[] latents = pass.scratch[0]; // [rows][down.stride()]
        float[] lanes = pass.scratch[1];
        Kernels kernels = matMul.kernels();
        matMul.multiply(down, normed, down.inputs(), pass.rows, latents);
        for (int row = 0; row < pass.rows; row++) {
            int at = row * down.stride();
            kernels.rmsNorm(latents, at, queryNorm.length, EPSILON, queryNorm, latents, at, lanes);
        }
        matMul.multiply(up, latents, down.stride(), pass.rows, pass.projections, pass.stride);
        int keyValues = down.outputs() - queryNorm.length;
        for (float[] gain : keyValueNorms) {
            keyValues -= gain.length;
        }
        for (int row = 0; row < pass.rows; row++) { // after the product, whose last panel may overwrite these elements
            int from = row * down.stride() + queryNorm.length;
            int to = pass.at(row) + up.outputs();
            int latentTo = to + keyValues;
            for (float[] gain : keyValueNorms) {
                kernels.rmsNorm(latents, from, gain.length, EPSILON, gain, pass.projections, latentTo, lanes);
                from += gain.length;
                latentTo += gain.length;
            }
            System.arraycopy(latents, from, pass.projections, to, keyValues);
        }
    }

    @Override
    public List<PackedMatrix> matrices() {
        return List.of(down, up);
    }
}
