package io.github.t6j.model;

/**
 * Root mean square norm of each head's output, the official models' group norm (attn.subln).
 *
 * @param gain [valueDim], which all heads share
 */
record HeadNorm(float[] gain) {
    private static final float EPSILON = 1e-5f;

    /** Norms the heads of all rows' attention output in place. */
    void forward(Activations a, int heads) {
        float[] output = a.attention.output;
        int size = gain.length;
        for (int at = 0; at < a.rows() * heads * size; at += size) {
            a.kernels.rmsNorm(output, at, size, EPSILON, gain, output, at, a.lanes[0]);
        }
    }
}
