package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.simd.lanes.Lanes.FLOATS;
import static io.github.t6j.kernels.simd.lanes.Lanes.INTS;
import static io.github.t6j.kernels.simd.lanes.Lanes.LENGTH;
import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.MAX;
import static jdk.incubator.vector.VectorOperators.XOR;

import io.github.t6j.kernels.BlockFormat;
import io.github.t6j.kernels.Exp2;
import io.github.t6j.kernels.RoundedRows;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/** Rounding of activations to integers, for products with quantised weights. */
final class RoundBlocks {
    private static final int SIZE = BlockFormat.SIZE;
    private static final float ROUNDING = Exp2.ROUNDING;
    private static final int ROUNDING_BITS = Float.floatToRawIntBits(ROUNDING);

    private RoundBlocks() {}

    /** Implements {@link io.github.t6j.kernels.Kernels#round}. */
    static void row(float[] x, int xAt, int count, RoundedRows to, int row) {
        int whole = count / SIZE;
        int place = row * to.blocks;
        for (int block = 0; block < whole; block++, place++) {
            int at = xAt + block * SIZE;
            int largest = largest(x, at);
            float inverse = RoundedRows.inverse(largest);
            to.scales[place] = RoundedRows.scale(largest);
            if (to.form() > 0 && to instanceof TallRoundedRows tall) {
                floats(x, at, inverse, tall.floats, tall.floatAt(row, block));
            } else {
                int sum = elements(x, at, inverse, to.quants, to.at(row, block));
                to.eights[place] = RoundedRows.inBothHalves(-8 * sum);
            }
        }
        if (whole < to.blocks) {
            to.round(x, xAt + whole * SIZE, count - whole * SIZE, row, whole);
        }
    }

    /** Returns the bits of the largest magnitude; they exceed infinity's if an element is NaN. */
    private static int largest(float[] x, int at) {
        IntVector largest = IntVector.zero(INTS);
        for (int i = 0; i < SIZE; i += LENGTH) {
            largest = largest.max(FloatVector.fromArray(FLOATS, x, at + i).reinterpretAsInts().and(Integer.MAX_VALUE));
        }
        return largest.reduceLanes(MAX);
    }

    /** Rounds a block to floats. */
    private static void floats(float[] x, int at, float inverse, float[] floats, int to) {
        for (int i = 0; i < SIZE; i += LENGTH) {
            FloatVector.fromArray(FLOATS, x, at + i).mul(inverse).add(ROUNDING).sub(ROUNDING).intoArray(floats, to + i);
        }
    }

    /** Rounds a block and returns the sum of its integers. */
    private static int elements(float[] x, int at, float inverse, int[] quants, int to) {
        IntVector sum = IntVector.zero(INTS);
        for (int i = 0; i < SIZE; i += LENGTH) {
            IntVector number = FloatVector.fromArray(FLOATS, x, at + i)
                    .mul(inverse).add(ROUNDING).reinterpretAsInts().sub(ROUNDING_BITS);
            sum = sum.add(number);
            IntVector even = number.reinterpretAsLongs().lanewise(LSHL, 32).reinterpretAsInts(); // at odd indices
            inBothHalves(number.sub(even.lanewise(LSHL, 8))).intoArray(quants, to + i);
            inBothHalves(number.mul(-128)).lanewise(XOR, 0x8000).intoArray(quants, to + SIZE + i);
        }
        return sum.reduceLanes(ADD);
    }

    /** Does the same as {@link RoundedRows#inBothHalves} for a vector. */
    private static IntVector inBothHalves(IntVector number) {
        return number.lanewise(LSHL, 16).or(number.and(0xFFFF));
    }
}
