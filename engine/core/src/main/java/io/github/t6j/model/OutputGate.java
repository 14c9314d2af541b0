package io.github.t6j.model;

import static io.github.t6j.kernels.Exp2.LOG2_E;

import io.github.t6j.kernels.PackedMatrix;

/**
 * Gates of attention's output: y ∘ σ(W u), where u is what attention projects.
 *
 * @param matrix W [heads·valueDim][width]
 */
record OutputGate(PackedMatrix matrix) implements RowOperation {
    /** Multiplies the output of attention in all rows of the pass. */
    void apply(Activations a) {
        if (a.gates.length == 0) {
            a.gates = new float[a.capacity * matrix.stride()];
        }
        a.matMul.multiply(matrix, a.normed, a.width, a.rows(), a.gates);
        a.eachRow(this);
    }

    @Override
    public void row(Activations a, int row, int worker) {
        int width = a.attentionPass.outputWidth();
        for (int i = 0, from = row * matrix.stride(); i < width; i++) {
            a.attentionPass.output[row * width + i] /= 1f + a.kernels.exp2(-LOG2_E * a.gates[from + i]);
        }
    }
}
