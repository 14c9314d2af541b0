package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.simd.lanes.Lanes.FLOATS;
import static io.github.t6j.kernels.simd.lanes.Lanes.LENGTH;
import static jdk.incubator.vector.VectorOperators.GT;

import jdk.incubator.vector.FloatVector;

/** Parts of {@link io.github.t6j.kernels.Kernels#logSumExp}. */
final class LogSumExp {
    private LogSumExp() {}

    /** Returns the largest of n elements; unspecified if an element is NaN. */
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
}
