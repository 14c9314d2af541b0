package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.simd.lanes.Lanes.F16_BITS;
import static io.github.t6j.kernels.simd.lanes.Lanes.FLOATS;
import static io.github.t6j.kernels.simd.lanes.Lanes.INTS;
import static io.github.t6j.kernels.simd.lanes.Lanes.LENGTH;
import static io.github.t6j.kernels.simd.lanes.Lanes.WHOLE;
import static io.github.t6j.kernels.simd.lanes.Lanes.WHOLE_BITS;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.LSHL;

import io.github.t6j.kernels.BlockFormat;
import io.github.t6j.kernels.RoundedRows;
import io.github.t6j.kernels.simd.lanes.Lanes;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/**
 * Products with Q8_0 weights: the sum of the products of two inputs fits in 16 bits. The low half of an int is kept
 * 2^15 too large, so that it is positive. Whole ints can then be added, and subtracting the sum of the high halves
 * leaves the sum of the low ones.
 */
final class Q8Gemm {
    private static final int SIZE = BlockFormat.SIZE;
    private static final int ROW = BlockFormat.ROW;
    private static final int BLOCK = RoundedRows.BLOCK;

    /** Start value of the sums of whole ints: the bits of {@link Lanes#WHOLE}, minus the excess of the low halves. */
    private static final int ALL = WHOLE_BITS - SIZE / 2 * 0x8000;

    private Q8Gemm() {}

    /** Multiplies one row. */
    static void row(
            RoundedRows x, int row, MemorySegment w, long wAt, float exponent, float[] y, int c0, int c1,
            int loopStep) {
        int[] quants = x.quants;
        float[] scales = x.scales;
        int place = row * x.blocks;
        long step = (long) ROW * loopStep;
        FloatVector y00 = FloatVector.zero(FLOATS), y01 = y00, y10 = y00, y11 = y00;
        int next = x.group * BLOCK - SIZE;
        int k = x.at(row, 0);
        for (int last = place + x.blocks; place != last; place += loopStep) {
            IntVector scale0 = IntVector.fromMemorySegment(INTS, w, wAt, LITTLE_ENDIAN);
            IntVector scale1 = IntVector.fromMemorySegment(INTS, w, wAt + 4 * LENGTH, LITTLE_ENDIAN);
            wAt += step;
            IntVector all0 = IntVector.broadcast(INTS, ALL), all1 = all0;
            IntVector high0 = IntVector.broadcast(INTS, WHOLE_BITS), high1 = high0;
            for (long end = wAt + SIZE / 2 * step; wAt != end; wAt += step) {
                ShortVector xa = IntVector.broadcast(INTS, quants[k]).reinterpretAsShorts();
                ShortVector xb = IntVector.broadcast(INTS, quants[k + 1]).reinterpretAsShorts();
                ShortVector offset = IntVector.broadcast(INTS, quants[k + SIZE]).reinterpretAsShorts();
                ShortVector w0 = IntVector.fromMemorySegment(INTS, w, wAt, LITTLE_ENDIAN)
                        .reinterpretAsShorts();
                ShortVector w1 = IntVector.fromMemorySegment(INTS, w, wAt + 4 * LENGTH, LITTLE_ENDIAN)
                        .reinterpretAsShorts();
                IntVector p0 = w0.mul(xa).add(w0.lanewise(ASHR, 8).mul(xb)).add(offset).reinterpretAsInts();
                IntVector p1 = w1.mul(xa).add(w1.lanewise(ASHR, 8).mul(xb)).add(offset).reinterpretAsInts();
                all0 = all0.add(p0);
                high0 = high0.add(p0.lanewise(ASHR, 16));
                all1 = all1.add(p1);
                high1 = high1.add(p1.lanewise(ASHR, 16));
                k += 2;
            }
            k += next;
            FloatVector f00 = all0.sub(high0.lanewise(LSHL, 16)).reinterpretAsFloats().sub(WHOLE);
            FloatVector f01 = high0.reinterpretAsFloats().sub(WHOLE);
            FloatVector f10 = all1.sub(high1.lanewise(LSHL, 16)).reinterpretAsFloats().sub(WHOLE);
            FloatVector f11 = high1.reinterpretAsFloats().sub(WHOLE);
            float scale = scales[place];
            y00 = f00.fma(scale0.lanewise(LSHL, 16).lanewise(ASHR, 3).and(F16_BITS).reinterpretAsFloats()
                    .mul(exponent).mul(scale), y00);
            y01 = f01.fma(scale0.lanewise(ASHR, 3).and(F16_BITS).reinterpretAsFloats()
                    .mul(exponent).mul(scale), y01);
            y10 = f10.fma(scale1.lanewise(LSHL, 16).lanewise(ASHR, 3).and(F16_BITS).reinterpretAsFloats()
                    .mul(exponent).mul(scale), y10);
            y11 = f11.fma(scale1.lanewise(ASHR, 3).and(F16_BITS).reinterpretAsFloats()
                    .mul(exponent).mul(scale), y11);
        }
        y00.intoArray(y, c0);
        y01.intoArray(y, c0 + 16);
        y10.intoArray(y, c1);
        y11.intoArray(y, c1 + 16);
    }
}
