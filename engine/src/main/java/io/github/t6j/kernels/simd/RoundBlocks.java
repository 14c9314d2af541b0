package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.simd.Lanes.FLOATS;
import static io.github.t6j.kernels.simd.Lanes.INTS;
import static io.github.t6j.kernels.simd.Lanes.LENGTH;
import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.MAX;
import static jdk.incubator.vector.VectorOperators.XOR;

import io.github.t6j.kernels.BlockFormat;
import io.github.t6j.kernels.RoundedRows;
import io.github.t6j.kernels.ScalarKernels;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/** Activations to whole numbers, for products with quantised weights. */
final class RoundBlocks {
    private static final int SIZE = BlockFormat.SIZE;
    private static final float ROUNDING = ScalarKernels.ROUNDING;
    private static final int ROUNDING_BITS = Float.floatToRawIntBits(ROUNDING);

    private RoundBlocks() {}

    /** {@link io.github.t6j.kernels.Kernels#round}. */
    static void row(float[] x, int xAt, int count, RoundedRows to, int row) {
        int whole = count / SIZE;
        int place = row * to.blocks;
        for (int block = 0; block < whole; block++, place++) {
            int at = xAt + block * SIZE;
            int largest = largest(x, at);
            int sum = elements(
                    x, at, RoundedRows.inverse(largest), to.twins, to.pairs, row * to.stride + block * SIZE);
            to.scales[place] = RoundedRows.scale(largest);
            to.eights[place] = RoundedRows.twin(-8 * sum);
        }
        if (whole < to.blocks) {
            to.round(x, xAt + whole * SIZE, count - whole * SIZE, row, whole);
        }
    }

    /** The largest magnitude's bits: above those of infinity if there is a NaN. */
    private static int largest(float[] x, int at) {
        IntVector largest = IntVector.zero(INTS);
        for (int i = 0; i < SIZE; i += LENGTH) {
            largest = largest.max(FloatVector.fromArray(FLOATS, x, at + i).reinterpretAsInts().and(Integer.MAX_VALUE));
        }
        return largest.reduceLanes(MAX);
    }

    /** @return the sum of the block's whole numbers */
    private static int elements(float[] x, int at, float inverse, int[] twins, int[] pairs, int to) {
        IntVector sum = IntVector.zero(INTS);
        for (int i = 0; i < SIZE; i += LENGTH) {
            IntVector number = FloatVector.fromArray(FLOATS, x, at + i)
                    .mul(inverse).add(ROUNDING).reinterpretAsInts().sub(ROUNDING_BITS);
            sum = sum.add(number);
            number.lanewise(LSHL, 16).or(number.and(0xFFFF)).intoArray(twins, to + i);
            IntVector pair = number.reinterpretAsLongs().lanewise(LSHR, 32).reinterpretAsInts().add(number);
            IntVector offset = pair.mul(-128);
            offset.lanewise(LSHL, 16).or(offset.and(0xFFFF)).lanewise(XOR, 0x8000)
                    .intoArray(pairs, to + i);
        }
        return sum.reduceLanes(ADD);
    }
}
