package io.github.t6j.model;

import io.github.t6j.attention.Attention;
import io.github.t6j.attention.Rope;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.PackedMatrix;

/**
 * One layer.
 *
 * @param layer which, from 0
 * @param input how everything that attention needs of a position is made
 * @param headNorm [valueDim], the weight of each head's norm (subln), or null
 * @param output [width][heads·valueDim]
 */
record Block(int layer, Attention attention, Projection input, float[] headNorm, PackedMatrix output,
        FeedForward mlp) {

    /** x += attention(norm(x)); x += mlp(norm(x)), for {@code rows} rows, which attend as {@code path} says. */
    void forward(Kernels kernels, Rope rope, int rows, AttentionStep path, Activations a) {
        a.workers.run(rows, a.normRow);
        attend(kernels, rope, rows, path, a);
        addUpdate(rows, a);

        a.workers.run(rows, a.normRow);
        mlp.forward(rows, a);
        addUpdate(rows, a);
    }

    /** update = the attention part of {@code rows} rows of normed. */
    void attend(Kernels kernels, Rope rope, int rows, AttentionStep path, Activations a) {
        input.project(kernels, rows, a);
        for (int row = 0; row < rows; row++) {
            int at = row * a.projectionStride;
            attention.complete(rope, a.projections, at, a.cos, a.sin, row * rope.pairs());
        }
        path.attend(attention, layer, rows, a);
        if (headNorm != null) {
            RmsNorm.heads(kernels, headNorm, rows * attention.heads(), a);
        }
        a.product.multiply(output, a.attended, output.inputs(), rows, a.update);
    }

    private void addUpdate(int rows, Activations a) {
        int width = output.outputs();
        for (int row = 0; row < rows; row++) {
            int x = row * width;
            int update = row * a.widthStride;
            for (int i = 0; i < width; i++) {
                a.x[x + i] += a.update[update + i];
            }
        }
    }
}
