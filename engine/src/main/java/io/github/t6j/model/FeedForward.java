package io.github.t6j.model;

import io.github.t6j.kernels.PackedMatrix;

/**
 * SwiGLU: down · (silu(gate · h) ∘ (up · h)); the official c_fc1 is the gate, c_fc2 the up matrix.
 *
 * @param gateUp [2·hidden][width], gate above up, one product for both
 * @param down [width][hidden]
 */
record FeedForward(PackedMatrix gateUp, PackedMatrix down) {

    /** update = the feed-forward part of {@code rows} rows of normed. */
    void forward(int rows, Activations a) {
        a.product.multiply(gateUp, a.normed, gateUp.inputs(), rows, a.gateUp);
        a.workers.run(rows, a.activateRow);
        a.product.multiply(down, a.hidden, down.inputs(), rows, a.update);
    }
}
