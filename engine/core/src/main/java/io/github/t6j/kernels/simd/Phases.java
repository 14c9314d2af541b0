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
import static io.github.t6j.kernels.simd.lanes.Lanes.LENGTH;

import io.github.t6j.kernels.scalar.ScalarHeadStep;
import io.github.t6j.kernels.scalar.ScalarKernels;
import jdk.incubator.vector.FloatVector;

/** Phases of a state-space mixer; the scalar twin computes the tail. */
final class Phases {
    private Phases() {}

    /** Implements {@link io.github.t6j.kernels.Kernels#advancePhases}. */
    static void advance(
            float[] turns, int at, float[] rates, int ratesAt, float step, int n, float[] cos, float[] sin,
            ScalarKernels scalar) {
        int whole = n - n % LENGTH;
        FloatVector factor = FloatVector.broadcast(FLOATS, step);
        for (int i = 0; i < whole; i += LENGTH) {
            FloatVector t = FloatVector.fromArray(FLOATS, rates, ratesAt + i)
                    .fma(factor, FloatVector.fromArray(FLOATS, turns, at + i));
            t = t.sub(t.add(ROUNDING).sub(ROUNDING));
            t.intoArray(turns, at + i);
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
            c.sub(s).mul(c.add(s)).intoArray(cos, i);
            s.add(s).mul(c).intoArray(sin, i);
        }
        ScalarHeadStep.phases(scalar, turns, at, rates, ratesAt, step, whole, n, cos, sin);
    }
}
