package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.scalar.ScalarKernels.EXP2_MAX;
import static io.github.t6j.kernels.scalar.ScalarKernels.EXP2_MIN;
import static io.github.t6j.kernels.scalar.ScalarKernels.EXP2_ROUNDING;
import static io.github.t6j.kernels.scalar.ScalarKernels.GELU_CUBIC;
import static io.github.t6j.kernels.scalar.ScalarKernels.GELU_LINEAR;
import static io.github.t6j.kernels.scalar.ScalarKernels.LOG2_E;
import static io.github.t6j.kernels.scalar.ScalarKernels.P1;
import static io.github.t6j.kernels.scalar.ScalarKernels.P2;
import static io.github.t6j.kernels.scalar.ScalarKernels.P3;
import static io.github.t6j.kernels.scalar.ScalarKernels.P4;
import static io.github.t6j.kernels.scalar.ScalarKernels.P5;
import static io.github.t6j.kernels.scalar.ScalarKernels.P6;
import static io.github.t6j.kernels.scalar.ScalarKernels.TANH_MAX;
import static io.github.t6j.kernels.simd.lanes.Lanes.FLOATS;
import static io.github.t6j.kernels.simd.lanes.Lanes.FLOAT_VECTOR;
import static io.github.t6j.kernels.simd.lanes.Lanes.LENGTH;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;

import io.github.t6j.kernels.scalar.ScalarKernels;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/** Operations on rows of activations; the scalar twin computes the tails. */
final class ElementWise {
    private ElementWise() {}

    /** Computes Σ x² in {@link io.github.t6j.kernels.Kernels#LANES} lanes. */
    static void squares(float[] x, int xAt, int n, float[] lanes) {
        int whole = n - n % LANES;
        for (int lane = 0; lane < LANES; lane += LENGTH) {
            FloatVector sum = FloatVector.zero(FLOATS);
            for (int i = lane; i < whole; i += LANES) {
                FloatVector v = FloatVector.fromArray(FLOATS, x, xAt + i);
                sum = FLOAT_VECTOR.cast(v.fma(v, FLOAT_VECTOR.cast(sum)));
            }
            sum.intoArray(lanes, lane);
        }
        for (int i = whole; i < n; i++) {
            lanes[i - whole] = Math.fma(x[xAt + i], x[xAt + i], lanes[i - whole]);
        }
    }

    static void swiGlu(float[] x, int gateAt, int upAt, int n, float[] y, int yAt, ScalarKernels scalar) {
        int whole = n - n % LENGTH;
        for (int i = 0; i < whole; i += LENGTH) {
            FloatVector gate = FloatVector.fromArray(FLOATS, x, gateAt + i);
            FloatVector exponent = gate.mul(-LOG2_E);
            FloatVector up = FloatVector.fromArray(FLOATS, x, upAt + i);
            gate.div(exp2(exponent).add(1f)).mul(up).intoArray(y, yAt + i);
        }
        scalar.swiGlu(x, gateAt + whole, upAt + whole, n - whole, y, yAt + whole);
    }

    static void geGlu(float[] x, int gateAt, int upAt, int n, float[] y, int yAt, ScalarKernels scalar) {
        int whole = n - n % LENGTH;
        for (int i = 0; i < whole; i += LENGTH) {
            FloatVector gate = FloatVector.fromArray(FLOATS, x, gateAt + i);
            FloatVector cubic = gate.mul(gate).fma(FloatVector.broadcast(FLOATS, GELU_CUBIC),
                    FloatVector.broadcast(FLOATS, GELU_LINEAR));
            FloatVector exponent = gate.mul(cubic);
            FloatVector up = FloatVector.fromArray(FLOATS, x, upAt + i);
            gate.div(exp2(exponent).add(1f)).mul(up).intoArray(y, yAt + i);
        }
        scalar.geGlu(x, gateAt + whole, upAt + whole, n - whole, y, yAt + whole);
    }

    /** Returns 2 to each element, 0 below the smallest exponent; C2 inlines it. */
    private static FloatVector exp2(FloatVector x) {
        FloatVector exponent = x.blend(EXP2_MAX, x.compare(GT, EXP2_MAX));
        FloatVector z = exponent.add(EXP2_ROUNDING);
        FloatVector r = exponent.sub(z.sub(EXP2_ROUNDING));
        FloatVector e = FloatVector.broadcast(FLOATS, P6).fma(r, FloatVector.broadcast(FLOATS, P5));
        e = e.fma(r, FloatVector.broadcast(FLOATS, P4));
        e = e.fma(r, FloatVector.broadcast(FLOATS, P3));
        e = e.fma(r, FloatVector.broadcast(FLOATS, P2));
        e = e.fma(r, FloatVector.broadcast(FLOATS, P1));
        e = e.fma(r, FloatVector.broadcast(FLOATS, 1f));
        e = e.mul(z.reinterpretAsInts().lanewise(LSHL, 23).reinterpretAsFloats());
        return e.blend(0f, x.compare(LT, EXP2_MIN));
    }

    static void softCap(float[] x, int at, int n, float cap, ScalarKernels scalar) {
        float scale = 2f * LOG2_E / cap;
        int whole = n - n % LENGTH;
        for (int i = at; i < at + whole; i += LENGTH) {
            FloatVector y = FloatVector.fromArray(FLOATS, x, i).mul(scale);
            y = y.blend(TANH_MAX, y.compare(GT, TANH_MAX));
            y = y.blend(-TANH_MAX, y.compare(LT, -TANH_MAX));
            FloatVector z = y.add(EXP2_ROUNDING);
            FloatVector r = y.sub(z.sub(EXP2_ROUNDING));
            FloatVector e = FloatVector.broadcast(FLOATS, P6).fma(r, FloatVector.broadcast(FLOATS, P5));
            e = e.fma(r, FloatVector.broadcast(FLOATS, P4));
            e = e.fma(r, FloatVector.broadcast(FLOATS, P3));
            e = e.fma(r, FloatVector.broadcast(FLOATS, P2));
            e = e.fma(r, FloatVector.broadcast(FLOATS, P1));
            FloatVector power = z.reinterpretAsInts().lanewise(LSHL, 23).reinterpretAsFloats();
            FloatVector m = e.mul(r).fma(power, power.sub(1f));
            m.div(m.add(2f)).mul(cap).intoArray(x, i);
        }
        scalar.softCap(x, at + whole, n - whole, cap);
    }

    /** Implements {@link io.github.t6j.kernels.Kernels#scale}. */
    static void scale(float[] y, int yAt, int rows, int yStride, MemorySegment scales, long scalesAt) {
        for (int t = 0; t < PANEL; t += LENGTH) {
            FloatVector scale = FloatVector.fromMemorySegment(FLOATS, scales, scalesAt + 4L * t, LITTLE_ENDIAN);
            for (int r = 0; r < rows; r++) {
                int at = yAt + r * yStride + t;
                FloatVector.fromArray(FLOATS, y, at).mul(FLOAT_VECTOR.cast(scale)).intoArray(y, at);
            }
        }
    }

    /** Implements {@link io.github.t6j.kernels.Kernels#addScaled}. */
    static void addScaled(
            float[] x, float[] xFactors, float[] y, float[] yFactors, int at, int first, int count, int width) {
        at += first * width;
        for (int r = first; r < first + count; r++) {
            FloatVector xFactor = FloatVector.broadcast(FLOATS, xFactors[r]);
            FloatVector yFactor = FloatVector.broadcast(FLOATS, yFactors[r]);
            for (int end = at + width; at < end; at += LENGTH) {
                FloatVector sum = FloatVector.fromArray(FLOATS, y, at).mul(FLOAT_VECTOR.cast(yFactor));
                FloatVector.fromArray(FLOATS, x, at).mul(FLOAT_VECTOR.cast(xFactor)).add(sum).intoArray(y, at);
            }
        }
    }
}
