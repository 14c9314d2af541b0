package io.github.t6j.training.kernels.simd;

import static io.github.t6j.kernels.Exp2.LAZY_MAX;
import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.simd.lanes.Lanes.D1;
import static io.github.t6j.kernels.simd.lanes.Lanes.D2;
import static io.github.t6j.kernels.simd.lanes.Lanes.D3;
import static io.github.t6j.kernels.simd.lanes.Lanes.FLOATS;
import static io.github.t6j.kernels.simd.lanes.Lanes.FLOAT_VECTOR;
import static io.github.t6j.kernels.simd.lanes.Lanes.LENGTH;
import static jdk.incubator.vector.VectorOperators.GT;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** Maxima of the softmax of a tile of scores. */
final class TrainingSoftmax {
    private TrainingSoftmax() {}

    /**
     * Raises the maxima of columns whose largest score exceeds them by too much; exponents[c] = old max[c] − new
     * max[c].
     *
     * @return true if a maximum was raised
     */
    static boolean raise(float[] s, int rows, float[] max, float[] exponents) {
        boolean raised = false;
        for (int lane = 0; lane < LANES; lane += LENGTH) {
            FloatVector lowest = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
            FloatVector max0 = lowest, max1 = lowest, max2 = lowest, max3 = lowest;
            for (int r = 0, at = lane; r < rows; r++, at += PANEL) {
                FloatVector x0 = FloatVector.fromArray(FLOATS, s, at);
                FloatVector x1 = FloatVector.fromArray(FLOATS, s, at + D1);
                FloatVector x2 = FloatVector.fromArray(FLOATS, s, at + D2);
                FloatVector x3 = FloatVector.fromArray(FLOATS, s, at + D3);
                max0 = FLOAT_VECTOR.cast(max0).blend(x0, x0.compare(GT, FLOAT_VECTOR.cast(max0)));
                max1 = FLOAT_VECTOR.cast(max1).blend(x1, x1.compare(GT, FLOAT_VECTOR.cast(max1)));
                max2 = FLOAT_VECTOR.cast(max2).blend(x2, x2.compare(GT, FLOAT_VECTOR.cast(max2)));
                max3 = FLOAT_VECTOR.cast(max3).blend(x3, x3.compare(GT, FLOAT_VECTOR.cast(max3)));
            }
            FLOAT_VECTOR.cast(max0).intoArray(exponents, lane);
            FLOAT_VECTOR.cast(max1).intoArray(exponents, lane + D1);
            FLOAT_VECTOR.cast(max2).intoArray(exponents, lane + D2);
            FLOAT_VECTOR.cast(max3).intoArray(exponents, lane + D3);
        }
        for (int at = 0; at < PANEL; at += LENGTH) {
            raised |= raise(max, exponents, at);
        }
        return raised;
    }

    /** Raises the maxima of one vector of columns, whose largest scores are in {@code exponents}. */
    private static boolean raise(float[] max, float[] exponents, int at) {
        FloatVector largest = FloatVector.fromArray(FLOATS, exponents, at);
        FloatVector before = FloatVector.fromArray(FLOATS, max, at);
        VectorMask<Float> raise = largest.compare(GT, before.add(LAZY_MAX));
        FloatVector after = before.blend(largest, raise);
        after.intoArray(max, at);
        FloatVector.zero(FLOATS).blend(before.sub(after), raise).intoArray(exponents, at);
        return raise.anyTrue();
    }
}
