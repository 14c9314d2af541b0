package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.Exp2.ROUNDING;
import static io.github.t6j.kernels.scalar.Circle.C1;
import static io.github.t6j.kernels.scalar.Circle.C2;
import static io.github.t6j.kernels.scalar.Circle.C3;
import static io.github.t6j.kernels.scalar.Circle.C4;
import static io.github.t6j.kernels.scalar.Circle.C5;
import static io.github.t6j.kernels.scalar.Circle.S0;
import static io.github.t6j.kernels.scalar.Circle.S1;
import static io.github.t6j.kernels.scalar.Circle.S2;
import static io.github.t6j.kernels.scalar.Circle.S3;
import static io.github.t6j.kernels.scalar.Circle.S4;
import static io.github.t6j.kernels.scalar.Circle.S5;
import static io.github.t6j.kernels.simd.lanes.Lanes.FLOATS;
import static io.github.t6j.kernels.simd.lanes.Lanes.FLOAT_VECTOR;
import static io.github.t6j.kernels.simd.lanes.Lanes.LENGTH;

import io.github.t6j.kernels.HeadStep;
import io.github.t6j.kernels.scalar.ScalarHeadStep;
import io.github.t6j.kernels.scalar.ScalarKernels;
import jdk.incubator.vector.FloatVector;

/** Keys, queries, values and gates of a token in a head of a Mamba-3 mixer; the scalar twin computes the tails. */
final class HeadRows {
    private HeadRows() {}

    /** Advances the phases, and computes their cosines and sines. */
    static void phases(HeadStep step, ScalarKernels scalar) {
        int rates = step.keysAt + 2 * step.ranks * step.stateDim;
        int whole = step.angles - step.angles % LENGTH;
        FloatVector factor = FloatVector.broadcast(FLOATS, step.turns);
        for (int i = 0; i < whole; i += LENGTH) {
            FloatVector t = FloatVector.fromArray(FLOATS, step.row, rates + i)
                    .fma(factor, FloatVector.fromArray(FLOATS, step.phases, i));
            t = t.sub(t.add(ROUNDING).sub(ROUNDING));
            t.intoArray(step.phases, i);
            FloatVector u = t.mul(t);
            FloatVector s = FloatVector.broadcast(FLOATS, S5).fma(u, FloatVector.broadcast(FLOATS, S4));
            s = s.fma(u, FloatVector.broadcast(FLOATS, S3));
            s = s.fma(u, FloatVector.broadcast(FLOATS, S2));
            s = s.fma(u, FloatVector.broadcast(FLOATS, S1));
            s = s.fma(u, FloatVector.broadcast(FLOATS, S0)).mul(t);
            FloatVector c = FloatVector.broadcast(FLOATS, C5).fma(u, FloatVector.broadcast(FLOATS, C4));
            c = c.fma(u, FloatVector.broadcast(FLOATS, C3));
            c = c.fma(u, FloatVector.broadcast(FLOATS, C2));
            c = c.fma(u, FloatVector.broadcast(FLOATS, C1));
            c = c.fma(u, FloatVector.broadcast(FLOATS, 1f));
            c.sub(s).mul(c.add(s)).intoArray(step.cos, i);
            s.add(s).mul(c).intoArray(step.sin, i);
        }
        ScalarHeadStep.phases(scalar, step, whole);
    }

    /** Adds the biases to the keys or queries from {@code rowAt}, and rotates them. */
    static void rotate(HeadStep s, int rowAt, float[] biases, float[] to) {
        int half = s.stateDim / 2;
        int pairs = s.angles - s.angles % LENGTH;
        int whole = s.angles + (half - s.angles) / LENGTH * LENGTH;
        for (int r = 0; r < s.ranks; r++) {
            int bias = (s.head * s.ranks + r) * s.stateDim;
            int at = r * s.stride;
            for (int f = 0; f < pairs; f += LENGTH) {
                FloatVector a = FloatVector.fromArray(FLOATS, s.row, rowAt + f)
                        .add(FloatVector.fromArray(FLOATS, biases, bias + f));
                FloatVector b = FloatVector.fromArray(FLOATS, s.row, rowAt + half + f)
                        .add(FloatVector.fromArray(FLOATS, biases, bias + half + f));
                FloatVector cos = FloatVector.fromArray(FLOATS, s.cos, f);
                FloatVector sin = FloatVector.fromArray(FLOATS, s.sin, f);
                a.mul(cos).sub(b.mul(sin)).intoArray(to, at + f);
                a.mul(sin).add(b.mul(cos)).intoArray(to, at + half + f);
            }
            for (int i = s.angles; i < whole; i += LENGTH) {
                FloatVector.fromArray(FLOATS, s.row, rowAt + i).add(FloatVector.fromArray(FLOATS, biases, bias + i))
                        .intoArray(to, at + i);
                FloatVector.fromArray(FLOATS, s.row, rowAt + half + i)
                        .add(FloatVector.fromArray(FLOATS, biases, bias + half + i)).intoArray(to, at + half + i);
            }
            ScalarHeadStep.rotate(s, rowAt, biases, to, r, pairs, whole);
            rowAt += s.stateDim;
        }
    }

    /** Multiplies elements of the row by the factors of each rank. */
    static void multiply(HeadStep s, int rowAt, float[] factors, float[] to, int toAt) {
        int whole = s.headDim - s.headDim % LENGTH;
        for (int r = 0; r < s.ranks; r++) {
            int factor = (s.head * s.ranks + r) * s.headDim;
            int at = toAt + r * s.columns;
            for (int p = 0; p < whole; p += LENGTH) {
                FloatVector.fromArray(FLOATS, s.row, rowAt + p).mul(FloatVector.fromArray(FLOATS, factors, factor + p))
                        .intoArray(to, at + p);
            }
        }
        ScalarHeadStep.multiply(s, rowAt, factors, to, toAt, whole);
    }

    /** Sums the gated products of all ranks. */
    static void sum(HeadStep s, float[] output, int outputAt, ScalarKernels scalar) {
        int whole = s.headDim - s.headDim % LENGTH;
        for (int p = 0; p < whole; p += LENGTH) {
            FloatVector sum = FloatVector.zero(FLOATS);
            int factor = s.head * s.ranks * s.headDim + p;
            for (int r = 0; r < s.ranks; r++) {
                sum = FloatVector.fromArray(FLOATS, s.gated, r * s.columns + p)
                        .fma(FloatVector.fromArray(FLOATS, s.weights.outputs(), factor), FLOAT_VECTOR.cast(sum));
                factor += s.headDim;
            }
            sum.intoArray(output, outputAt + p);
        }
        ScalarHeadStep.sum(scalar, s, whole, output, outputAt);
    }
}
