package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.ScalarKernels.C1;
import static io.github.t6j.kernels.ScalarKernels.C2;
import static io.github.t6j.kernels.ScalarKernels.C3;
import static io.github.t6j.kernels.ScalarKernels.C4;
import static io.github.t6j.kernels.ScalarKernels.C5;
import static io.github.t6j.kernels.ScalarKernels.C6;
import static io.github.t6j.kernels.ScalarKernels.EXP2_MIN;
import static io.github.t6j.kernels.ScalarKernels.ROUNDING;
import static io.github.t6j.kernels.simd.Lanes.F;
import static io.github.t6j.kernels.simd.Lanes.I;
import static io.github.t6j.kernels.simd.Lanes.L;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.MAX;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;

/** From logits to weights, a page at a time; lanes are tokens. */
final class PageSoftmax {
    private PageSoftmax() {}

    /** {@link io.github.t6j.kernels.Kernels#softmaxWeights}; {@code largest} is [L]. */
    static int weights(
            float[] s, int heads, MemorySegment page, long aVAt, int valueRank, float[] max, float[] sum, float[] w,
            int one) {
        IntVector largest = IntVector.broadcast(I, Integer.MIN_VALUE);
        for (int h = 0; h < heads; h += one) {
            FloatVector top = FloatVector.broadcast(F, max[h]);
            int out = h * (valueRank == 0 ? 1 : valueRank) * PANEL;
            for (int t = 0; t < PANEL; t += L) {
                FloatVector x = FloatVector.fromArray(F, s, h * PANEL + t).sub(top);
                largest = largest.max(x.reinterpretAsInts());
                // 2^x as ScalarKernels.exp2 has it, written out: a helper that returns a vector may not be inlined
                VectorMask<Float> small = x.compare(LT, EXP2_MIN);
                FloatVector z = x.add(ROUNDING);
                FloatVector r = x.sub(z.sub(ROUNDING));
                FloatVector e = FloatVector.broadcast(F, C6).fma(r, FloatVector.broadcast(F, C5));
                e = e.fma(r, FloatVector.broadcast(F, C4));
                e = e.fma(r, FloatVector.broadcast(F, C3));
                e = e.fma(r, FloatVector.broadcast(F, C2));
                e = e.fma(r, FloatVector.broadcast(F, C1));
                e = e.fma(r, FloatVector.broadcast(F, 1f));
                e = e.reinterpretAsInts().add(z.reinterpretAsInts().lanewise(LSHL, 23)).reinterpretAsFloats();
                e = e.blend(0f, small);
                int lane = h * LANES + t % LANES;
                FloatVector.fromArray(F, sum, lane).add(e).intoArray(sum, lane);
                if (valueRank == 0) {
                    e.intoArray(w, out + t);
                }
                long at = aVAt + 4L * (out + t);
                for (int u = 0; u < valueRank; u += one) {
                    e.mul(FloatVector.fromMemorySegment(F, page, at, LITTLE_ENDIAN)).intoArray(w, out + u * PANEL + t);
                    at += 4L * PANEL;
                }
            }
        }
        return largest.reduceLanes(MAX);
    }

    /** {@link io.github.t6j.kernels.Kernels#rowMaxima}. */
    static void maxima(float[] s, int rows, float[] into) {
        for (int r = 0; r < rows; r++) {
            FloatVector max = FloatVector.fromArray(F, s, r * PANEL);
            for (int t = L; t < PANEL; t += L) {
                max = max.max(FloatVector.fromArray(F, s, r * PANEL + t));
            }
            into[r] = max.reduceLanes(MAX);
        }
    }
}
