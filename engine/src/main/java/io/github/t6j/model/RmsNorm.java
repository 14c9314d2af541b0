package io.github.t6j.model;

import io.github.t6j.kernels.Kernels;

/** The root mean square norms of the official models. */
final class RmsNorm {
    /** Of the residual stream, without a weight: PyTorch takes the machine epsilon of f32, 2^−23. */
    static final float EPSILON = 0x1p-23f;

    /** Of a head's output (subln), with a weight that all heads share. */
    static final float HEAD_EPSILON = 1e-5f;

    /** Of MLA's latents (q_a_layernorm, kv_a_layernorm), with a weight. */
    static final float LATENT_EPSILON = 1e-6f;

    private RmsNorm() {}

    /** Norms each head's output in place. */
    static void heads(Kernels kernels, float[] weight, int headVectors, Activations a) {
        int headDim = weight.length;
        for (int at = 0; at < headVectors * headDim; at += headDim) {
            kernels.rmsNorm(a.attended, at, headDim, HEAD_EPSILON, weight, a.attended, at, a.lanes[0]);
        }
    }
}
