package io.github.t6j.attention.layers;

import static io.github.t6j.kernels.Exp2.LOG2_E;

import io.github.t6j.attention.AttentionPass;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.PackedMatMul;
import io.github.t6j.kernels.PackedMatrix;
import java.util.stream.Stream;

/** Gates of the output of any attention: y ∘ σ(W u), where u is what the attention projects. */
public final class OutputGate {
    private final PackedMatrix matrix; // W [heads·valueDim][width]

    /** Creates gates with the weights {@code matrix}. */
    public OutputGate(PackedMatrix matrix) {
        this.matrix = matrix;
    }

    /** Returns the matrices of {@code gate}, which may be null. */
    public static Stream<PackedMatrix> matrices(OutputGate gate) {
        return Stream.ofNullable(gate).map(own -> own.matrix);
    }

    /** Computes W u of {@code rows} rows in {@code buffer}, or in a longer one, and returns it. */
    public float[] project(float[] u, int width, int rows, float[] buffer, PackedMatMul matMul) {
        int floats = rows * matrix.stride();
        float[] gates = buffer.length >= floats ? buffer : new float[floats];
        matMul.multiply(matrix, u, width, rows, gates);
        return gates;
    }

    /** Multiplies the output of a row by its gates. */
    public void apply(AttentionPass pass, int row, float[] gates, Kernels kernels) {
        int width = pass.outputWidth();
        for (int i = 0, from = row * matrix.stride(); i < width; i++) {
            pass.output[row * width + i] /= 1f + kernels.exp2(-LOG2_E * gates[from + i]);
        }
    }
}
