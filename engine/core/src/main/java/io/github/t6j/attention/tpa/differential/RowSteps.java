package io.github.t6j.attention.tpa.differential;

import static io.github.t6j.kernels.Exp2.LOG2_E;

import io.github.t6j.attention.AttentionPass;
import io.github.t6j.kernels.Kernels;

/** Steps on a single row: before attention those of queries and shifts, after it differences, gates and norms. */
final class RowSteps {
    private final DifferentialConfig sizes;
    private final Steps steps;
    private final DifferentialRow offsets;
    private final float[] queryGain; //  [D], gains of queries times those of keys, which the cache leaves out; or null
    private final float[] headScales; // [H], factors of the scalable softmax; or null
    private final float[] outputGain; // [signal heads][D]; or null

    RowSteps(DifferentialConfig sizes, float[] queryGain, float[] keyGain, float[] headScales, float[] outputGain) {
        this.sizes = sizes;
        steps = sizes.steps();
        offsets = DifferentialRow.of(sizes);
        this.queryGain = steps.norms() ? new float[sizes.headDim()] : null;
        if (steps.norms()) {
            for (int d = 0; d < sizes.headDim(); d++) {
                this.queryGain[d] = queryGain[d] * keyGain[d];
            }
        }
        this.headScales = headScales;
        this.outputGain = outputGain;
    }

    private static float sigmoid(float x) {
        return (float) (1 / (1 + StrictMath.exp(-x)));
    }

    /** Norms and scales the queries, and turns shifts into gates, which are 0 for the first token. */
    void prepare(AttentionPass pass, int row) {
        float[] x = pass.projections;
        int at = pass.at(row);
        int position = pass.positions[row];
        float length = steps.length() == null ? 1f : steps.length().logarithm(position);
        for (int head = 0; head < sizes.heads(); head++) {
            int query = at + head * sizes.headDim();
            if (steps.norms()) {
                norm(x, query, steps.normEpsilon(), queryGain, 0);
            }
            if (steps.length() != null) {
                scale(x, query, headScales[head] * length);
            }
        }
        for (int i = at + offsets.shiftK(); i < at + offsets.lambda(); i++) {
            x[i] = position == 0 ? 0f : sigmoid(x[i]);
        }
    }

    private void scale(float[] x, int at, float factor) {
        for (int i = at; i < at + sizes.headDim(); i++) {
            x[i] *= factor;
        }
    }

    /** Norms a vector in place; squares are summed in float64 in ascending order. */
    private void norm(float[] x, int at, float epsilon, float[] gain, int gainAt) {
        int size = sizes.headDim();
        double squares = 0;
        for (int i = at; i < at + size; i++) {
            squares += (double) x[i] * x[i];
        }
        float scale = (float) (1 / Math.sqrt(squares / size + epsilon));
        for (int i = 0; i < size; i++) {
            x[at + i] = x[at + i] * scale * gain[gainAt + i];
        }
    }

    /** Replaces a row of outputs by differences, gated and normed. The row's queries are overwritten. */
    void finish(AttentionPass pass, int row, Kernels kernels) {
        float[] y = pass.projections; // in place of the queries, because gates are in the same array
        int at = pass.at(row);
        int to = row * pass.outputWidth();
        int width = sizes.signalHeads() * sizes.headDim();
        subtract(pass.output, to, y, at);
        boolean gated = steps.gate() != null;
        Steps.OutputNorm norm = steps.outputNorm();
        if (norm != null && (norm.beforeGate() || !gated)) {
            normHeads(y, at);
        }
        if (gated) {
            gate(y, at, kernels);
        }
        if (norm != null && !norm.beforeGate() && gated) {
            normHeads(y, at);
        }
        System.arraycopy(y, at, pass.output, to, width);
    }

    /** Writes the outputs of signal heads less λ times their group's noise to {@code y} from {@code at}. */
    private void subtract(float[] output, int from, float[] y, int at) {
        int size = sizes.headDim();
        if (!steps.differential()) {
            System.arraycopy(output, from, y, at, sizes.heads() * size);
            return;
        }
        int signals = sizes.groupSize() - 1; // in a group, before its noise
        for (int group = 0; group < sizes.keyValueHeads(); group++) {
            float lambda = sigmoid(y[at + offsets.lambda() + group]);
            int signal = from + group * sizes.groupSize() * size;
            int noise = signal + signals * size;
            int to = at + group * signals * size;
            for (int head = 0; head < signals; head++) {
                for (int d = 0; d < size; d++) {
                    y[to + head * size + d] = output[signal + head * size + d] - lambda * output[noise + d];
                }
            }
        }
    }

    private void normHeads(float[] y, int at) {
        for (int head = 0; head < sizes.signalHeads(); head++) {
            int gainAt = head * sizes.headDim();
            norm(y, at + gainAt, steps.outputNorm().epsilon(), outputGain, gainAt);
        }
    }

    private void gate(float[] y, int at, Kernels kernels) {
        Steps.Gate gate = steps.gate();
        int gates = at + offsets.gates();
        for (int i = gates; i < gates + sizes.gates(); i++) {
            y[i] += gate.offset();
        }
        if (!gate.sigmoid() && !gate.headwise()) {
            kernels.swiGlu(y, gates, at, sizes.gates(), y, at);
            return;
        }
        int elements = gate.headwise() ? sizes.headDim() : 1; // of a gate
        for (int i = 0; i < sizes.gates(); i++) {
            float sigmoid = 1f / (1f + kernels.exp2(-y[gates + i] * LOG2_E));
            float factor = gate.sigmoid() ? sigmoid : y[gates + i] * sigmoid;
            for (int d = at + i * elements; d < at + (i + 1) * elements; d++) {
                y[d] *= factor;
            }
        }
    }
}
