package io.github.t6j.attention;

import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.PackedMatMul;
import io.github.t6j.kernels.PackedMatrix;
import java.security.MessageDigest;

/**
 * Projection of queries from a normalised latent, and of keys and values directly. A row is the queries, then the
 * outputs of {@code down} after the latent.
 *
 * @param down [latent + keys and values][width]
 * @param norm [latent], gain of the latent's norm
 * @param up [queries][latent]
 */
public record TwoStageProjection(PackedMatrix down, float[] norm, PackedMatrix up) implements Projection {
    private static final float EPSILON = 1e-6f;

    @Override
    public float[][] newScratch(int rows) {
        return new float[][] {new float[rows * down.stride()], new float[Kernels.LANES]};
    }

    @Override
    public void project(float[] normed, AttentionPass pass, PackedMatMul matMul) {
        float[] latents = pass.scratch[0]; // [rows][down.stride()]
        float[] lanes = pass.scratch[1];
        matMul.multiply(down, normed, down.inputs(), pass.rows, latents);
        for (int row = 0; row < pass.rows; row++) {
            int at = row * down.stride();
            matMul.kernels().rmsNorm(latents, at, norm.length, EPSILON, norm, latents, at, lanes);
        }
        matMul.multiply(up, latents, down.stride(), pass.rows, pass.projections, pass.stride);
        int others = down.outputs() - norm.length;
        for (int row = 0; row < pass.rows; row++) { // after the product, whose last panel may overwrite these elements
            System.arraycopy(
                    latents, row * down.stride() + norm.length, pass.projections, pass.at(row) + up.outputs(), others);
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
}
