package io.github.t6j.model;

import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.PackedMatrix;

/**
 * SwiGLU: down · (silu(gate · h) ∘ (up · h)); the official c_fc1 is the gate, c_fc2 the up matrix.
 *
 * @param gateUp [2·hidden][width], gate above up, one product for both
 * @param down [width][hidden]
 */
record FeedForward(PackedMatrix gateUp, PackedMatrix down) {

    /** update = the feed-forward part of {@code rows} rows of normed. */
    void forward(Kernels kernels, int rows, Activations a) {
        a.product.multiply(gateUp, a.normed, gateUp.inputs(), rows, a.gateUp);
        if (rows == 1) {
            activate(kernels, 0, a);
        } else {
            a.workers.run(rows, (row, worker) -> activate(kernels, row, a));
        }
        a.product.multiply(down, a.hidden, down.inputs(), rows, a.update);
    }

    private void activate(Kernels kernels, int row, Activations a) {
        int hidden = down.inputs();
        int gate = row * a.gateUpStride;
        kernels.swiGlu(a.gateUp, gate, gate + hidden, hidden, a.hidden, row * hidden);
    }
}
