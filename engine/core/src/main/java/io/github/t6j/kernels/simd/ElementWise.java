package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.simd.lanes.Lanes.FLOATS;
import static io.github.t6j.kernels.simd.lanes.Lanes.FLOAT_VECTOR;
import static io.github.t6j.kernels.simd.lanes.Lanes.LENGTH;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.github.t6j.kernels.scalar.ScalarKernels;
import io.github.t6j.kernels.simd.generated.PowerTiles;
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
        int whole = PowerTiles.swiGlu(x, gateAt, upAt, n, y, yAt);
        scalar.swiGlu(x, gateAt + whole, upAt + whole, n - whole, y, yAt + whole);
    }

    static void geGlu(float[] x, int gateAt, int upAt, int n, float[] y, int yAt, ScalarKernels scalar) {
        int whole = PowerTiles.geGlu(x, gateAt, upAt, n, y, yAt);
        scalar.geGlu(x, gateAt + whole, upAt + whole, n - whole, y, yAt + whole);
    }

    static void softCap(float[] x, int at, int n, float cap, ScalarKernels scalar) {
        int whole = PowerTiles.softCap(x, at, n, cap);
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
