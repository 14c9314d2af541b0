package io.github.t6j.attention.tpa.steps;

import static io.github.t6j.kernels.Exp2.LOG2_E;

import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.Rope;
import io.github.t6j.kernels.Kernels;
import java.util.Arrays;

/** Steps on a single row: query steps and shifts before attention; differences, gates and norms after it. */
final class RowSteps {
    private final SteppedConfig sizes;
    private final Steps steps;
    private final SteppedRow offsets;
    private final float[] queryGain; //  [D], gain of queries times that of keys, which the cache leaves out; or null
    private final float[] headScales; // [H], factors of the scalable softmax; or null
    private final float[] outputGain; // [signal heads][D]; or null

    RowSteps(SteppedConfig sizes, float[] queryGain, float[] keyGain, float[] headScales, float[] outputGain) {
        this.sizes = sizes;
        steps = sizes.steps();
        offsets = SteppedRow.of(sizes);
        this.queryGain = steps.norms() ? new float[sizes.headDim()] : null;
        if (steps.norms()) {
            for (int d = 0; d < sizes.headDim(); d++) {
                this.queryGain[d] = keyGain == null ? queryGain[d] : queryGain[d] * keyGain[d];
            }
        }
        this.headScales = headScales;
        this.outputGain = outputGain;
    }

    private static float sigmoid(float x) {
        return (float) (1 / (1 + StrictMath.exp(-x)));
    }

    /**
     * Rebuilds, norms, scales and rotates the queries, rotates B_K, and turns shifts into gates, which are 0 for the
     * first token. Gains precede the rotation, so that a score depends on the distance of two tokens only.
     */
    void prepare(Rope rope, AttentionPass pass, int row) {
        float[] x = pass.projections;
        int at = pass.at(row);
        int position = pass.positions[row];
        float length = steps.length() == null ? 1f : steps.length().logarithm(position);
        if (sizes.queryRank() > 0) {
            rebuildQueries(x, at);
        }
        for (int head = 0; head < sizes.heads(); head++) {
            int query = at + offsets.query() + head * sizes.headDim();
            if (steps.norms()) {
                norm(x, query, steps.normEpsilon(), queryGain, 0);
            }
            if (steps.length() != null) {
                scale(x, query, headScales[head] * length);
            }
        }
        rotate(rope, pass, row, offsets.query(), sizes.heads());
        rotate(rope, pass, row, offsets.bK(), sizes.rank());
        for (int i = at + offsets.shiftK(); i < at + offsets.lambda(); i++) {
            x[i] = position == 0 ? 0f : sigmoid(x[i]);
        }
    }

    /** Computes q[h] = Σ_r (A_Q[h][r] / R_Q) · B_Q[r]. */
    private void rebuildQueries(float[] x, int at) {
        int rank = sizes.queryRank();
        int size = sizes.headDim();
        for (int head = 0; head < sizes.heads(); head++) {
            int query = at + offsets.query() + head * size;
            Arrays.fill(x, query, query + size, 0f);
            for (int r = 0; r < rank; r++) {
                float a = x[at + offsets.aQ() + head * rank + r] / rank;
                for (int d = 0; d < size; d++) {
                    x[query + d] = Math.fma(a, x[at + r * size + d], x[query + d]);
                }
            }
        }
    }

    private void rotate(Rope rope, AttentionPass pass, int row, int from, int vectors) {
        if (rope.pairs() > 0) {
            rope.rotate(pass.projections, pass.at(row) + from, vectors, sizes.headDim(), pass.cos, pass.sin,
                    pass.tableAt(row));
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
        int start = pass.at(row);
        int at = start + offsets.query();
        int to = row * pass.outputWidth();
        int width = sizes.signalHeads() * sizes.headDim();
        subtract(pass.output, to, y, start + offsets.lambda(), at);
        boolean gated = steps.gate() != null;
        Steps.OutputNorm norm = steps.outputNorm();
        if (norm != null && (norm.beforeGate() || !gated)) {
            normHeads(y, at);
        }
        if (gated) {
            gate(y, start + offsets.gates(), at, kernels);
        }
        if (norm != null && !norm.beforeGate() && gated) {
            normHeads(y, at);
        }
        System.arraycopy(y, at, pass.output, to, width);
    }

    /** Writes the outputs of signal heads less λ times their group's noise to {@code y} from {@code at}. */
    private void subtract(float[] output, int from, float[] y, int lambdas, int at) {
        int size = sizes.headDim();
        if (!steps.differential()) {
            System.arraycopy(output, from, y, at, sizes.heads() * size);
            return;
        }
        int signals = sizes.groupSize() - 1; // in a group, before its noise
        for (int group = 0; group < sizes.keyValueHeads(); group++) {
            float lambda = sigmoid(y[lambdas + group]);
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

    private void gate(float[] y, int gates, int at, Kernels kernels) {
        Steps.Gate gate = steps.gate();
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
