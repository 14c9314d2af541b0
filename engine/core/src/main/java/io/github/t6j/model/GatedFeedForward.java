package io.github.t6j.model;

import io.github.t6j.kernels.PackedMatrix;
import java.util.stream.Stream;

/**
 * SwiGLU or GeGLU (Shazeer, 2020): down · (activation(gate · h) ∘ (up · h)), or down · activation(up · h) without a gate.
 *
 * @param gateUp [2·hidden][width], gate above up, one product for both; or up alone
 * @param gateUpBias [2·hidden], or null
 * @param down [width][hidden]
 * @param downBias [width], or null
 */
record GatedFeedForward(PackedMatrix gateUp, float[] gateUpBias, PackedMatrix down, float[] downBias,
        ModelConfig.Activation activation) implements FeedForward, RowOperation {
    @Override
    public void forward(Activations a) {
        a.matMul.multiply(gateUp, a.normed, gateUp.inputs(), a.rows(), a.gateUp);
        a.matMul.add(gateUpBias, a.rows(), a.gateUp, gateUp.stride());
        a.eachRow(this);
        a.matMul.multiply(down, a.hidden, down.inputs(), a.rows(), a.update);
        a.matMul.add(downBias, a.rows(), a.update, a.updateStride);
    }

    @Override
    public Stream<PackedMatrix> matrices() {
        return Stream.of(gateUp, down);
    }

    @Override
    public long activeBytes() {
        return gateUp.bytes() + down.bytes();
    }

    /** Computes hidden = activation(gate) ∘ up. */
    @Override
    public void row(Activations a, int row, int worker) {
        int hidden = down.inputs();
        int gate = row * gateUp.stride();
        switch (activation) {
            case SILU -> a.kernels.swiGlu(a.gateUp, gate, gate + hidden, hidden, a.hidden, row * hidden);
            case GELU_TANH -> a.kernels.geGlu(a.gateUp, gate, gate + hidden, hidden, a.hidden, row * hidden);
            case SQUARED_RELU -> squaredRelu(a.gateUp, gate, hidden, a.hidden, row * hidden);
        }
    }

    /** Computes y = max(x, 0)². */
    static void squaredRelu(float[] x, int at, int count, float[] y, int yAt) {
        for (int i = 0; i < count; i++) {
            float positive = Math.max(x[at + i], 0f);
            y[yAt + i] = positive * positive;
        }
    }
}
