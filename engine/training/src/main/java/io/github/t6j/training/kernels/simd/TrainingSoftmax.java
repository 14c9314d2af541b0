package io.github.t6j.training.kernels.simd;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.LAZY_MAX;
import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.scalar.ScalarKernels.EXP2_MIN;
import static io.github.t6j.kernels.scalar.ScalarKernels.EXP2_ROUNDING;
import static io.github.t6j.kernels.scalar.ScalarKernels.P1;
import static io.github.t6j.kernels.scalar.ScalarKernels.P2;
import static io.github.t6j.kernels.scalar.ScalarKernels.P3;
import static io.github.t6j.kernels.scalar.ScalarKernels.P4;
import static io.github.t6j.kernels.scalar.ScalarKernels.P5;
import static io.github.t6j.kernels.scalar.ScalarKernels.P6;
import static io.github.t6j.kernels.simd.lanes.Lanes.C1;
import static io.github.t6j.kernels.simd.lanes.Lanes.C2;
import static io.github.t6j.kernels.simd.lanes.Lanes.C3;
import static io.github.t6j.kernels.simd.lanes.Lanes.FLOATS;
import static io.github.t6j.kernels.simd.lanes.Lanes.FLOAT_VECTOR;
import static io.github.t6j.kernels.simd.lanes.Lanes.LENGTH;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** Softmax of a tile of scores, forward and backward; 2^x is computed as in {@code PageSoftmax}. */
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
                FloatVector x1 = FloatVector.fromArray(FLOATS, s, at + C1);
                FloatVector x2 = FloatVector.fromArray(FLOATS, s, at + C2);
                FloatVector x3 = FloatVector.fromArray(FLOATS, s, at + C3);
                max0 = FLOAT_VECTOR.cast(max0).blend(x0, x0.compare(GT, FLOAT_VECTOR.cast(max0)));
                max1 = FLOAT_VECTOR.cast(max1).blend(x1, x1.compare(GT, FLOAT_VECTOR.cast(max1)));
                max2 = FLOAT_VECTOR.cast(max2).blend(x2, x2.compare(GT, FLOAT_VECTOR.cast(max2)));
                max3 = FLOAT_VECTOR.cast(max3).blend(x3, x3.compare(GT, FLOAT_VECTOR.cast(max3)));
            }
            FLOAT_VECTOR.cast(max0).intoArray(exponents, lane);
            FLOAT_VECTOR.cast(max1).intoArray(exponents, lane + C1);
            FLOAT_VECTOR.cast(max2).intoArray(exponents, lane + C2);
            FLOAT_VECTOR.cast(max3).intoArray(exponents, lane + C3);
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

    /**
     * Computes the powers and sums of {@link io.github.t6j.training.kernels.GradientKernels#softmaxColumns}, after {@link
     * #raise}.
     */
    static void columns(float[] s, int rows, float[] max, float[] sum) {
        for (int lane = 0; lane < LANES; lane += LENGTH) {
            FloatVector max0 = FloatVector.fromArray(FLOATS, max, lane);
            FloatVector max1 = FloatVector.fromArray(FLOATS, max, lane + C1);
            FloatVector max2 = FloatVector.fromArray(FLOATS, max, lane + C2);
            FloatVector max3 = FloatVector.fromArray(FLOATS, max, lane + C3);
            FloatVector sum0 = FloatVector.fromArray(FLOATS, sum, lane);
            FloatVector sum1 = FloatVector.fromArray(FLOATS, sum, lane + C1);
            FloatVector sum2 = FloatVector.fromArray(FLOATS, sum, lane + C2);
            FloatVector sum3 = FloatVector.fromArray(FLOATS, sum, lane + C3);
            int at = lane;
            for (int r = 0; r < rows; r++) {
                FloatVector x0 = FloatVector.fromArray(FLOATS, s, at).sub(FLOAT_VECTOR.cast(max0));
                FloatVector x1 = FloatVector.fromArray(FLOATS, s, at + C1).sub(FLOAT_VECTOR.cast(max1));
                FloatVector x2 = FloatVector.fromArray(FLOATS, s, at + C2).sub(FLOAT_VECTOR.cast(max2));
                FloatVector x3 = FloatVector.fromArray(FLOATS, s, at + C3).sub(FLOAT_VECTOR.cast(max3));
                FloatVector z0 = x0.add(EXP2_ROUNDING);
                FloatVector z1 = x1.add(EXP2_ROUNDING);
                FloatVector z2 = x2.add(EXP2_ROUNDING);
                FloatVector z3 = x3.add(EXP2_ROUNDING);
                FloatVector r0 = x0.sub(z0.sub(EXP2_ROUNDING));
                FloatVector r1 = x1.sub(z1.sub(EXP2_ROUNDING));
                FloatVector r2 = x2.sub(z2.sub(EXP2_ROUNDING));
                FloatVector r3 = x3.sub(z3.sub(EXP2_ROUNDING));
                FloatVector e0 = FloatVector.broadcast(FLOATS, P6).fma(r0, FloatVector.broadcast(FLOATS, P5));
                FloatVector e1 = FloatVector.broadcast(FLOATS, P6).fma(r1, FloatVector.broadcast(FLOATS, P5));
                FloatVector e2 = FloatVector.broadcast(FLOATS, P6).fma(r2, FloatVector.broadcast(FLOATS, P5));
                FloatVector e3 = FloatVector.broadcast(FLOATS, P6).fma(r3, FloatVector.broadcast(FLOATS, P5));
                e0 = e0.fma(r0, FloatVector.broadcast(FLOATS, P4));
                e1 = e1.fma(r1, FloatVector.broadcast(FLOATS, P4));
                e2 = e2.fma(r2, FloatVector.broadcast(FLOATS, P4));
                e3 = e3.fma(r3, FloatVector.broadcast(FLOATS, P4));
                e0 = e0.fma(r0, FloatVector.broadcast(FLOATS, P3));
                e1 = e1.fma(r1, FloatVector.broadcast(FLOATS, P3));
                e2 = e2.fma(r2, FloatVector.broadcast(FLOATS, P3));
                e3 = e3.fma(r3, FloatVector.broadcast(FLOATS, P3));
                e0 = e0.fma(r0, FloatVector.broadcast(FLOATS, P2));
                e1 = e1.fma(r1, FloatVector.broadcast(FLOATS, P2));
                e2 = e2.fma(r2, FloatVector.broadcast(FLOATS, P2));
                e3 = e3.fma(r3, FloatVector.broadcast(FLOATS, P2));
                e0 = e0.fma(r0, FloatVector.broadcast(FLOATS, P1));
                e1 = e1.fma(r1, FloatVector.broadcast(FLOATS, P1));
                e2 = e2.fma(r2, FloatVector.broadcast(FLOATS, P1));
                e3 = e3.fma(r3, FloatVector.broadcast(FLOATS, P1));
                e0 = e0.fma(r0, FloatVector.broadcast(FLOATS, 1f));
                e1 = e1.fma(r1, FloatVector.broadcast(FLOATS, 1f));
                e2 = e2.fma(r2, FloatVector.broadcast(FLOATS, 1f));
                e3 = e3.fma(r3, FloatVector.broadcast(FLOATS, 1f));
                e0 = e0.mul(z0.reinterpretAsInts().lanewise(LSHL, 23).reinterpretAsFloats());
                e1 = e1.mul(z1.reinterpretAsInts().lanewise(LSHL, 23).reinterpretAsFloats());
                e2 = e2.mul(z2.reinterpretAsInts().lanewise(LSHL, 23).reinterpretAsFloats());
                e3 = e3.mul(z3.reinterpretAsInts().lanewise(LSHL, 23).reinterpretAsFloats());
                e0 = e0.blend(0f, x0.compare(LT, EXP2_MIN));
                e1 = e1.blend(0f, x1.compare(LT, EXP2_MIN));
                e2 = e2.blend(0f, x2.compare(LT, EXP2_MIN));
                e3 = e3.blend(0f, x3.compare(LT, EXP2_MIN));
                sum0 = FLOAT_VECTOR.cast(sum0).add(e0);
                sum1 = FLOAT_VECTOR.cast(sum1).add(e1);
                sum2 = FLOAT_VECTOR.cast(sum2).add(e2);
                sum3 = FLOAT_VECTOR.cast(sum3).add(e3);
                e0.intoArray(s, at);
                e1.intoArray(s, at + C1);
                e2.intoArray(s, at + C2);
                e3.intoArray(s, at + C3);
                at += PANEL;
            }
            FLOAT_VECTOR.cast(sum0).intoArray(sum, lane);
            FLOAT_VECTOR.cast(sum1).intoArray(sum, lane + C1);
            FLOAT_VECTOR.cast(sum2).intoArray(sum, lane + C2);
            FLOAT_VECTOR.cast(sum3).intoArray(sum, lane + C3);
        }
    }

    /** Implements {@link io.github.t6j.training.kernels.GradientKernels#softmaxGradients}. */
    static void gradients(float[] s, float[] d, int rows, float[] lse, float[] mean, int meanAt) {
        for (int lane = 0; lane < LANES; lane += LENGTH) {
            int at = lane;
            for (int r = 0; r < rows; r++) {
                FloatVector shift = FloatVector.broadcast(FLOATS, lse[r]);
                FloatVector weighted = FloatVector.broadcast(FLOATS, mean[meanAt + r]);
                FloatVector x0 = FloatVector.fromArray(FLOATS, s, at).sub(shift);
                FloatVector x1 = FloatVector.fromArray(FLOATS, s, at + C1).sub(shift);
                FloatVector x2 = FloatVector.fromArray(FLOATS, s, at + C2).sub(shift);
                FloatVector x3 = FloatVector.fromArray(FLOATS, s, at + C3).sub(shift);
                FloatVector z0 = x0.add(EXP2_ROUNDING);
                FloatVector z1 = x1.add(EXP2_ROUNDING);
                FloatVector z2 = x2.add(EXP2_ROUNDING);
                FloatVector z3 = x3.add(EXP2_ROUNDING);
                FloatVector r0 = x0.sub(z0.sub(EXP2_ROUNDING));
                FloatVector r1 = x1.sub(z1.sub(EXP2_ROUNDING));
                FloatVector r2 = x2.sub(z2.sub(EXP2_ROUNDING));
                FloatVector r3 = x3.sub(z3.sub(EXP2_ROUNDING));
                FloatVector e0 = FloatVector.broadcast(FLOATS, P6).fma(r0, FloatVector.broadcast(FLOATS, P5));
                FloatVector e1 = FloatVector.broadcast(FLOATS, P6).fma(r1, FloatVector.broadcast(FLOATS, P5));
                FloatVector e2 = FloatVector.broadcast(FLOATS, P6).fma(r2, FloatVector.broadcast(FLOATS, P5));
                FloatVector e3 = FloatVector.broadcast(FLOATS, P6).fma(r3, FloatVector.broadcast(FLOATS, P5));
                e0 = e0.fma(r0, FloatVector.broadcast(FLOATS, P4));
                e1 = e1.fma(r1, FloatVector.broadcast(FLOATS, P4));
                e2 = e2.fma(r2, FloatVector.broadcast(FLOATS, P4));
                e3 = e3.fma(r3, FloatVector.broadcast(FLOATS, P4));
                e0 = e0.fma(r0, FloatVector.broadcast(FLOATS, P3));
                e1 = e1.fma(r1, FloatVector.broadcast(FLOATS, P3));
                e2 = e2.fma(r2, FloatVector.broadcast(FLOATS, P3));
                e3 = e3.fma(r3, FloatVector.broadcast(FLOATS, P3));
                e0 = e0.fma(r0, FloatVector.broadcast(FLOATS, P2));
                e1 = e1.fma(r1, FloatVector.broadcast(FLOATS, P2));
                e2 = e2.fma(r2, FloatVector.broadcast(FLOATS, P2));
                e3 = e3.fma(r3, FloatVector.broadcast(FLOATS, P2));
                e0 = e0.fma(r0, FloatVector.broadcast(FLOATS, P1));
                e1 = e1.fma(r1, FloatVector.broadcast(FLOATS, P1));
                e2 = e2.fma(r2, FloatVector.broadcast(FLOATS, P1));
                e3 = e3.fma(r3, FloatVector.broadcast(FLOATS, P1));
                e0 = e0.fma(r0, FloatVector.broadcast(FLOATS, 1f));
                e1 = e1.fma(r1, FloatVector.broadcast(FLOATS, 1f));
                e2 = e2.fma(r2, FloatVector.broadcast(FLOATS, 1f));
                e3 = e3.fma(r3, FloatVector.broadcast(FLOATS, 1f));
                e0 = e0.mul(z0.reinterpretAsInts().lanewise(LSHL, 23).reinterpretAsFloats());
                e1 = e1.mul(z1.reinterpretAsInts().lanewise(LSHL, 23).reinterpretAsFloats());
                e2 = e2.mul(z2.reinterpretAsInts().lanewise(LSHL, 23).reinterpretAsFloats());
                e3 = e3.mul(z3.reinterpretAsInts().lanewise(LSHL, 23).reinterpretAsFloats());
                e0 = e0.blend(0f, x0.compare(LT, EXP2_MIN));
                e1 = e1.blend(0f, x1.compare(LT, EXP2_MIN));
                e2 = e2.blend(0f, x2.compare(LT, EXP2_MIN));
                e3 = e3.blend(0f, x3.compare(LT, EXP2_MIN));
                e0.intoArray(s, at);
                e1.intoArray(s, at + C1);
                e2.intoArray(s, at + C2);
                e3.intoArray(s, at + C3);
                e0.mul(FloatVector.fromArray(FLOATS, d, at).sub(weighted)).intoArray(d, at);
                e1.mul(FloatVector.fromArray(FLOATS, d, at + C1).sub(weighted)).intoArray(d, at + C1);
                e2.mul(FloatVector.fromArray(FLOATS, d, at + C2).sub(weighted)).intoArray(d, at + C2);
                e3.mul(FloatVector.fromArray(FLOATS, d, at + C3).sub(weighted)).intoArray(d, at + C3);
                at += PANEL;
            }
        }
    }
}
