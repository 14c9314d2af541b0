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
import static jdk.incubator.vector.VectorOperators.LSHR;

import io.github.t6j.kernels.BlockFormat;
import io.github.t6j.kernels.RoundedRows;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/** Products with Q4_0 weights: the sum of a block fits in 16 bits. */
final class Q4Gemm {
    private static final int SIZE = BlockFormat.SIZE;
    private static final int ROW = BlockFormat.ROW;
    private static final int BLOCK = RoundedRows.BLOCK;

    /** Mask of the weights of two inputs in each half of an int: w0 + 256 · w1. */
    private static final int NIBBLES = 0x0F0F0F0F;

    private Q4Gemm() {}

    /** Multiplies one row. */
    static void row(
            RoundedRows x, int row, MemorySegment w, long wAt, float exponent, float[] y, int c0, int c1,
            int loopStep) {
        int[] quants = x.quants;
        int[] eights = x.eights;
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
            ShortVector sum0 = IntVector.broadcast(INTS, eights[place]).reinterpretAsShorts(), sum1 = sum0;
            for (long end = wAt + SIZE / 4 * step; wAt != end; wAt += step) {
                IntVector w0 = IntVector.fromMemorySegment(INTS, w, wAt, LITTLE_ENDIAN);
                IntVector w1 = IntVector.fromMemorySegment(INTS, w, wAt + 4 * LENGTH, LITTLE_ENDIAN);
                ShortVector xa = IntVector.broadcast(INTS, quants[k]).reinterpretAsShorts();
                ShortVector xb = IntVector.broadcast(INTS, quants[k + 1]).reinterpretAsShorts();
                ShortVector xc = IntVector.broadcast(INTS, quants[k + 2]).reinterpretAsShorts();
                ShortVector xd = IntVector.broadcast(INTS, quants[k + 3]).reinterpretAsShorts();
                ShortVector n00 = w0.and(NIBBLES).reinterpretAsShorts();
                ShortVector n01 = w1.and(NIBBLES).reinterpretAsShorts();
                sum0 = sum0.add(n00.mul(xa));
                sum1 = sum1.add(n01.mul(xa));
                sum0 = sum0.add(n00.lanewise(LSHR, 8).mul(xb));
                sum1 = sum1.add(n01.lanewise(LSHR, 8).mul(xb));
                ShortVector n20 = w0.lanewise(LSHR, 4).and(NIBBLES).reinterpretAsShorts();
                ShortVector n21 = w1.lanewise(LSHR, 4).and(NIBBLES).reinterpretAsShorts();
                sum0 = sum0.add(n20.mul(xc));
                sum1 = sum1.add(n21.mul(xc));
                sum0 = sum0.add(n20.lanewise(LSHR, 8).mul(xd));
                sum1 = sum1.add(n21.lanewise(LSHR, 8).mul(xd));
                k += 4;
            }
            k += next;
            IntVector i0 = sum0.reinterpretAsInts();
            IntVector i1 = sum1.reinterpretAsInts();
            FloatVector f00 = i0.lanewise(LSHL, 16).lanewise(ASHR, 16).add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE);
            FloatVector f01 = i0.lanewise(ASHR, 16).add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE);
            FloatVector f10 = i1.lanewise(LSHL, 16).lanewise(ASHR, 16).add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE);
            FloatVector f11 = i1.lanewise(ASHR, 16).add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE);
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
