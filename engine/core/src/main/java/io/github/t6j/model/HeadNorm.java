package io.github.t6j.model;

/**
 * Root mean square norm of each head's output, the group norm in the paper's reference code (attn.subln).
 *
 * @param gain [valueDim], shared by all heads
 */
record HeadNorm(float[] gain) implements RowOperation {
    /** Normalises the heads of the attention's output in place. */
    @Override
    public void row(Activations a, int row, int worker) {
        float[] output = a.attentionPass.output;
        int size = gain.length;
        int width = a.attentionPass.heads() * size;
        for (int at = row * width; at < (row + 1) * width; at += size) {
            a.kernels.rmsNorm(output, at, size, ModelConfig.Norms.HEAD_EPSILON, gain, output, at, a.lanes[worker]);
        }
    }
}
