package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.simd.Lanes.F;
import static io.github.t6j.kernels.simd.Lanes.I;
import static io.github.t6j.kernels.simd.Lanes.L;
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

/**
 * Panel of quantised weights × one row, in integers of 16 bits, which are added and multiplied two to an int. Weights
 * are stored with a constant added that makes them positive; the sums start at what takes it off again. All sums are
 * mod 2^16, and exact where the true one fits.
 *
 * <p>The loops count bytes by a step that C2 does not know, see {@link Multiply}.
 */
final class BlockVector {
    private static final int SIZE = BlockFormat.SIZE;
    private static final int ROW = BlockFormat.ROW;

    /** The low byte of either half. */
    private static final int BYTES = 0x00FF00FF;

    /** The low four bits of either half. */
    private static final int NIBBLES = 0x000F000F;

    /** Of an f16 in the high half of an int, moved down by 3: the bits that a float has at the same places. */
    static final int F16_BITS = 0x8FFFE000;

    /** What a float that was made so of an f16 is multiplied by: the exponents' biases differ by 112. */
    static final float F16_EXPONENT = 0x1p112f;

    /** Bits of 1.5 · 2^23: with n added, |n| < 2^22, those of 1.5 · 2^23 + n. */
    private static final int WHOLE_BITS = 0x4B400000;
    private static final float WHOLE = 0x1.8p23f;

    private BlockVector() {}

    /** One row of {@link io.github.t6j.kernels.Kernels#multiplyBlocks}. */
    static void row(
            RoundedRows x, int row, BlockFormat format, MemorySegment w, long wAt, float[] y, int yAt, int one) {
        for (int s = 0; s < 32; s += 2 * L) {
            int c0 = yAt + column(s);
            int c1 = yAt + column(s + L);
            int place = row * x.blocks;
            if (format == BlockFormat.Q8_0) {
                bytes(x.twins, x.pairs, x.scales, place, x.blocks, w, wAt + 4 * s, y, c0, c1, one);
            } else {
                nibbles(x.twins, x.eights, x.scales, place, x.blocks, w, wAt + 4 * s, y, c0, c1, one);
            }
        }
    }

    /** The output in the low half of int {@code i} of a row. */
    static int column(int i) {
        return i / 16 * 32 + i % 16;
    }

    /**
     * Q8_0: a product of two inputs fits in 16 bits. Its low half is kept 2^15 too large, so that it is positive: ints
     * can then be added whole, and the sum of the low halves is what the high ones leave.
     */
    private static void bytes(
            int[] twins, int[] pairs, float[] scales, int place, int blocks, MemorySegment w, long wAt,
            float[] y, int c0, int c1, int one) {
        long step = (long) ROW * one;
        FloatVector y00 = FloatVector.zero(F), y01 = y00, y10 = y00, y11 = y00;
        int k = place * SIZE;
        for (int last = place + blocks; place != last; place += one) {
            IntVector scale0 = IntVector.fromMemorySegment(I, w, wAt, LITTLE_ENDIAN);
            IntVector scale1 = IntVector.fromMemorySegment(I, w, wAt + 4 * L, LITTLE_ENDIAN);
            wAt += step;
            IntVector all0 = IntVector.zero(I), high0 = all0, all1 = all0, high1 = all0;
            for (long end = wAt + SIZE / 2 * step; wAt != end; wAt += step) {
                ShortVector xa = IntVector.broadcast(I, twins[k]).reinterpretAsShorts();
                ShortVector xb = IntVector.broadcast(I, twins[k + 1]).reinterpretAsShorts();
                ShortVector offset = IntVector.broadcast(I, pairs[k]).reinterpretAsShorts();
                IntVector w0 = IntVector.fromMemorySegment(I, w, wAt, LITTLE_ENDIAN);
                IntVector w1 = IntVector.fromMemorySegment(I, w, wAt + 4 * L, LITTLE_ENDIAN);
                IntVector p0 = w0.and(BYTES).reinterpretAsShorts().mul(xa)
                        .add(w0.lanewise(LSHR, 8).and(BYTES).reinterpretAsShorts().mul(xb))
                        .add(offset).reinterpretAsInts();
                IntVector p1 = w1.and(BYTES).reinterpretAsShorts().mul(xa)
                        .add(w1.lanewise(LSHR, 8).and(BYTES).reinterpretAsShorts().mul(xb))
                        .add(offset).reinterpretAsInts();
                all0 = all0.add(p0);
                high0 = high0.add(p0.lanewise(ASHR, 16));
                all1 = all1.add(p1);
                high1 = high1.add(p1.lanewise(ASHR, 16));
                k += 2;
            }
            int low = WHOLE_BITS - SIZE / 2 * 0x8000;
            FloatVector f00 = all0.sub(high0.lanewise(LSHL, 16)).add(low).reinterpretAsFloats().sub(WHOLE);
            FloatVector f01 = high0.add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE);
            FloatVector f10 = all1.sub(high1.lanewise(LSHL, 16)).add(low).reinterpretAsFloats().sub(WHOLE);
            FloatVector f11 = high1.add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE);
            float scale = scales[place];
            y00 = f00.fma(scale0.lanewise(LSHL, 16).lanewise(ASHR, 3).and(F16_BITS).reinterpretAsFloats()
                    .mul(F16_EXPONENT).mul(scale), y00);
            y01 = f01.fma(scale0.lanewise(ASHR, 3).and(F16_BITS).reinterpretAsFloats()
                    .mul(F16_EXPONENT).mul(scale), y01);
            y10 = f10.fma(scale1.lanewise(LSHL, 16).lanewise(ASHR, 3).and(F16_BITS).reinterpretAsFloats()
                    .mul(F16_EXPONENT).mul(scale), y10);
            y11 = f11.fma(scale1.lanewise(ASHR, 3).and(F16_BITS).reinterpretAsFloats()
                    .mul(F16_EXPONENT).mul(scale), y11);
        }
        y00.intoArray(y, c0);
        y01.intoArray(y, c0 + 16);
        y10.intoArray(y, c1);
        y11.intoArray(y, c1 + 16);
    }

    /** Q4_0: the sum of a block fits in 16 bits. */
    private static void nibbles(
            int[] twins, int[] eights, float[] scales, int place, int blocks, MemorySegment w, long wAt,
            float[] y, int c0, int c1, int one) {
        long step = (long) ROW * one;
        FloatVector y00 = FloatVector.zero(F), y01 = y00, y10 = y00, y11 = y00;
        int k = place * SIZE;
        for (int last = place + blocks; place != last; place += one) {
            IntVector scale0 = IntVector.fromMemorySegment(I, w, wAt, LITTLE_ENDIAN);
            IntVector scale1 = IntVector.fromMemorySegment(I, w, wAt + 4 * L, LITTLE_ENDIAN);
            wAt += step;
            ShortVector sum0 = IntVector.broadcast(I, eights[place]).reinterpretAsShorts(), sum1 = sum0;
            for (long end = wAt + SIZE / 4 * step; wAt != end; wAt += step) {
                IntVector w0 = IntVector.fromMemorySegment(I, w, wAt, LITTLE_ENDIAN);
                IntVector w1 = IntVector.fromMemorySegment(I, w, wAt + 4 * L, LITTLE_ENDIAN);
                ShortVector xa = IntVector.broadcast(I, twins[k]).reinterpretAsShorts();
                ShortVector xb = IntVector.broadcast(I, twins[k + 1]).reinterpretAsShorts();
                ShortVector xc = IntVector.broadcast(I, twins[k + 2]).reinterpretAsShorts();
                ShortVector xd = IntVector.broadcast(I, twins[k + 3]).reinterpretAsShorts();
                sum0 = sum0.add(w0.and(NIBBLES).reinterpretAsShorts().mul(xa));
                sum1 = sum1.add(w1.and(NIBBLES).reinterpretAsShorts().mul(xa));
                sum0 = sum0.add(w0.lanewise(LSHR, 4).and(NIBBLES).reinterpretAsShorts().mul(xb));
                sum1 = sum1.add(w1.lanewise(LSHR, 4).and(NIBBLES).reinterpretAsShorts().mul(xb));
                sum0 = sum0.add(w0.lanewise(LSHR, 8).and(NIBBLES).reinterpretAsShorts().mul(xc));
                sum1 = sum1.add(w1.lanewise(LSHR, 8).and(NIBBLES).reinterpretAsShorts().mul(xc));
                sum0 = sum0.add(w0.lanewise(LSHR, 12).and(NIBBLES).reinterpretAsShorts().mul(xd));
                sum1 = sum1.add(w1.lanewise(LSHR, 12).and(NIBBLES).reinterpretAsShorts().mul(xd));
                k += 4;
            }
            IntVector i0 = sum0.reinterpretAsInts();
            IntVector i1 = sum1.reinterpretAsInts();
            FloatVector f00 = i0.lanewise(LSHL, 16).lanewise(ASHR, 16).add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE);
            FloatVector f01 = i0.lanewise(ASHR, 16).add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE);
            FloatVector f10 = i1.lanewise(LSHL, 16).lanewise(ASHR, 16).add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE);
            FloatVector f11 = i1.lanewise(ASHR, 16).add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE);
            float scale = scales[place];
            y00 = f00.fma(scale0.lanewise(LSHL, 16).lanewise(ASHR, 3).and(F16_BITS).reinterpretAsFloats()
                    .mul(F16_EXPONENT).mul(scale), y00);
            y01 = f01.fma(scale0.lanewise(ASHR, 3).and(F16_BITS).reinterpretAsFloats()
                    .mul(F16_EXPONENT).mul(scale), y01);
            y10 = f10.fma(scale1.lanewise(LSHL, 16).lanewise(ASHR, 3).and(F16_BITS).reinterpretAsFloats()
                    .mul(F16_EXPONENT).mul(scale), y10);
            y11 = f11.fma(scale1.lanewise(ASHR, 3).and(F16_BITS).reinterpretAsFloats()
                    .mul(F16_EXPONENT).mul(scale), y11);
        }
        y00.intoArray(y, c0);
        y01.intoArray(y, c0 + 16);
        y10.intoArray(y, c1);
        y11.intoArray(y, c1 + 16);
    }
}
