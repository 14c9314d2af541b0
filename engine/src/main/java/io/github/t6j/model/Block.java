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

    /** x += attention(norm(x)); x += mlp(norm(x)), for {@code rows} positions from {@code position}. */
    void forward(Kernels kernels, Rope rope, int position, int rows, Activations a) {
        RmsNorm.residual(kernels, output.outputs(), rows, a);
        attend(kernels, rope, position, rows, a);
        addUpdate(rows, a);

        RmsNorm.residual(kernels, output.outputs(), rows, a);
        mlp.forward(kernels, rows, a);
        addUpdate(rows, a);
    }

    /** update = the attention part of {@code rows} rows of normed. */
    void attend(Kernels kernels, Rope rope, int position, int rows, Activations a) {
        input.project(kernels, rows, a);
        for (int row = 0; row < rows; row++) {
            int at = row * a.projectionStride;
            attention.complete(rope, a.projections, at, a.cos, a.sin, row * rope.pairs());
        }
        a.path.attend(attention, a.projections, rows, a.projectionStride, layer, position, a.attended);
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
