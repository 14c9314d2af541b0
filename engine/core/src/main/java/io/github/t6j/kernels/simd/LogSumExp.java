package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.scalar.ScalarKernels.EXP2_MIN;
import static io.github.t6j.kernels.scalar.ScalarKernels.EXP2_ROUNDING;
import static io.github.t6j.kernels.scalar.ScalarKernels.LOG2_E;
import static io.github.t6j.kernels.scalar.ScalarKernels.P1;
import static io.github.t6j.kernels.scalar.ScalarKernels.P2;
import static io.github.t6j.kernels.scalar.ScalarKernels.P3;
import static io.github.t6j.kernels.scalar.ScalarKernels.P4;
import static io.github.t6j.kernels.scalar.ScalarKernels.P5;
import static io.github.t6j.kernels.scalar.ScalarKernels.P6;
import static io.github.t6j.kernels.simd.lanes.Lanes.FLOATS;
import static io.github.t6j.kernels.simd.lanes.Lanes.LENGTH;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** Parts of {@link io.github.t6j.kernels.Kernels#logSumExp}. */
final class LogSumExp {
    private LogSumExp() {}

    /** Returns the largest of n elements; if one is NaN, the result may or may not be NaN. */
    static float max(float[] x, int n, float[] lanes) {
        int whole = n - n % LENGTH;
        FloatVector largest = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
        for (int i = 0; i < whole; i += LENGTH) {
            FloatVector v = FloatVector.fromArray(FLOATS, x, i);
            largest = largest.blend(v, v.compare(GT, largest));
        }
        largest.intoArray(lanes, 0);
        float max = Float.NEGATIVE_INFINITY;
        for (int lane = 0; lane < LENGTH; lane++) {
            max = Math.max(max, lanes[lane]);
        }
        for (int i = whole; i < n; i++) {
            max = Math.max(max, x[i]);
        }
        return max;
    }

    /**
     * Computes lanes = Σ 2^((x[i] − max)·log₂e), from ≤ i < to, a multiple of {@link
     * io.github.t6j.kernels.Kernels#LANES}.
     */
    static void add(float[] x, int from, int to, float max, float[] lanes) {
        FloatVector top = FloatVector.broadcast(FLOATS, max);
        for (int lane = 0; lane < LANES; lane += LENGTH) {
            FloatVector sum = FloatVector.zero(FLOATS);
            for (int i = from + lane; i < to; i += LANES) {
                FloatVector exponent = FloatVector.fromArray(FLOATS, x, i).sub(top).mul(LOG2_E);
                VectorMask<Float> small = exponent.compare(LT, EXP2_MIN);
                FloatVector z = exponent.add(EXP2_ROUNDING);
                FloatVector r = exponent.sub(z.sub(EXP2_ROUNDING));
                FloatVector e = FloatVector.broadcast(FLOATS, P6).fma(r, FloatVector.broadcast(FLOATS, P5));
                e = e.fma(r, FloatVector.broadcast(FLOATS, P4));
                e = e.fma(r, FloatVector.broadcast(FLOATS, P3));
                e = e.fma(r, FloatVector.broadcast(FLOATS, P2));
                e = e.fma(r, FloatVector.broadcast(FLOATS, P1));
                e = e.fma(r, FloatVector.broadcast(FLOATS, 1f));
                e = e.mul(z.reinterpretAsInts().lanewise(LSHL, 23).reinterpretAsFloats());
                sum = sum.add(e.blend(0f, small));
            }
            sum.intoArray(lanes, lane);
        }
    }
}
