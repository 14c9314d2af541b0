package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.simd.lanes.Lanes.FLOATS;
import static io.github.t6j.kernels.simd.lanes.Lanes.FLOAT_VECTOR;
import static io.github.t6j.kernels.simd.lanes.Lanes.LENGTH;
import static jdk.incubator.vector.VectorOperators.MAX;

import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.simd.generated.FactorTiles;
import io.github.t6j.kernels.simd.generated.PowerTiles;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/** Softmax of the scores of one page; lanes are tokens. */
final class PageSoftmax {
    private PageSoftmax() {}

    /**
     * Implements {@link io.github.t6j.kernels.Kernels#softmax}. The products with the factors are a separate loop: in
     * one method with the powers, C2 stops optimising some after several formats and allocates vectors as objects.
     */
    static int probabilities(
            float[] s, int heads, Format format, MemorySegment page, long aVAt, int valueRank, float[] max, float[] sum,
            float[] p, int loopStep) {
        int largest = PowerTiles.page(s, heads, valueRank, max, sum, p, loopStep);
        if (valueRank > 0) {
            FactorTiles.probabilities(heads, valueRank, format, page, aVAt, p, loopStep);
        }
        return largest;
    }

    /** Implements {@link io.github.t6j.kernels.Kernels#rowMaxima}. */
    static void maxima(float[] s, int rows, float[] into) {
        for (int r = 0; r < rows; r++) {
            FloatVector max = FLOAT_VECTOR.cast(FloatVector.fromArray(FLOATS, s, r * PANEL));
            for (int t = LENGTH; t < PANEL; t += LENGTH) {
                max = FLOAT_VECTOR.cast(max.max(FLOAT_VECTOR.cast(FloatVector.fromArray(FLOATS, s, r * PANEL + t))));
            }
            into[r] = max.reduceLanes(MAX);
        }
    }
}
