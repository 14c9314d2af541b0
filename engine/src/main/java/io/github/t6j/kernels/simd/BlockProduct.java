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
 * Panel of quantised weights × rows, in integers of 16 bits, which are added and multiplied two to an int. Weights
 * are stored with a constant added that makes them positive; the sums start at what takes it off again. All sums are
 * mod 2^16, and exact where the true one fits.
 *
 * <p>Four rows share what it costs to take weights apart, and are then faster than floats would be.
 *
 * <p>The loops count bytes by a step that C2 does not know, see {@link Multiply}.
 */
final class BlockProduct {
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

    private BlockProduct() {}

    /** {@link io.github.t6j.kernels.Kernels#multiplyBlocks}. */
    static void rows(
            RoundedRows x, BlockFormat format, MemorySegment w, long wAt, float[] y, int yAt, int yStride, int one) {
        int r = 0;
        for (; r + 4 <= x.rows; r += 4) {
            for (int s = 0; s < 32; s += L) {
                int column = yAt + r * yStride + column(s);
                if (format == BlockFormat.Q8_0) {
                    fourBytes(x, r, w, wAt + 4 * s, y, column, yStride, one);
                } else {
                    fourNibbles(x, r, w, wAt + 4 * s, y, column, yStride, one);
                }
            }
        }
        for (; r < x.rows; r++) {
            for (int s = 0; s < 32; s += 2 * L) {
                int column0 = yAt + r * yStride + column(s);
                int column1 = yAt + r * yStride + column(s + L);
                if (format == BlockFormat.Q8_0) {
                    bytes(x, r, w, wAt + 4 * s, y, column0, column1, one);
                } else {
                    nibbles(x, r, w, wAt + 4 * s, y, column0, column1, one);
                }
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
            RoundedRows x, int row, MemorySegment w, long wAt, float[] y, int c0, int c1, int one) {
        int[] twins = x.twins;
        int[] pairs = x.pairs;
        float[] scales = x.scales;
        int place = row * x.blocks;
        long step = (long) ROW * one;
        FloatVector y00 = FloatVector.zero(F), y01 = y00, y10 = y00, y11 = y00;
        int k = row * x.stride;
        for (int last = place + x.blocks; place != last; place += one) {
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
            RoundedRows x, int row, MemorySegment w, long wAt, float[] y, int c0, int c1, int one) {
        int[] twins = x.twins;
        int[] eights = x.eights;
        float[] scales = x.scales;
        int place = row * x.blocks;
        long step = (long) ROW * one;
        FloatVector y00 = FloatVector.zero(F), y01 = y00, y10 = y00, y11 = y00;
        int k = row * x.stride;
        for (int last = place + x.blocks; place != last; place += one) {
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

    /** {@link #bytes} of four rows, one vector of ints. */
    private static void fourBytes(
            RoundedRows x, int row, MemorySegment w, long wAt, float[] y, int yAt, int yStride, int one) {
        int[] twins = x.twins;
        int[] pairs = x.pairs;
        float[] scales = x.scales;
        int place = row * x.blocks;
        int blocks = x.blocks;
        int stride = x.stride;
        long step = (long) ROW * one;
        FloatVector zero = FloatVector.zero(F);
        FloatVector y00 = zero, y01 = zero, y10 = zero, y11 = zero, y20 = zero, y21 = zero, y30 = zero, y31 = zero;
        int k = row * stride;
        for (int last = place + blocks; place != last; place += one) {
            IntVector scale = IntVector.fromMemorySegment(I, w, wAt, LITTLE_ENDIAN);
            wAt += step;
            IntVector all0 = IntVector.zero(I), all1 = all0, all2 = all0, all3 = all0;
            IntVector high0 = all0, high1 = all0, high2 = all0, high3 = all0;
            for (long end = wAt + SIZE / 2 * step; wAt != end; wAt += step) {
                IntVector i = IntVector.fromMemorySegment(I, w, wAt, LITTLE_ENDIAN);
                ShortVector a = i.and(BYTES).reinterpretAsShorts();
                ShortVector b = i.lanewise(LSHR, 8).and(BYTES).reinterpretAsShorts();
                IntVector p0 = IntVector.broadcast(I, twins[k]).reinterpretAsShorts().mul(a)
                        .add(IntVector.broadcast(I, twins[k + 1]).reinterpretAsShorts().mul(b))
                        .add(IntVector.broadcast(I, pairs[k]).reinterpretAsShorts()).reinterpretAsInts();
                all0 = all0.add(p0);
                high0 = high0.add(p0.lanewise(ASHR, 16));
                int k1 = k + stride;
                IntVector p1 = IntVector.broadcast(I, twins[k1]).reinterpretAsShorts().mul(a)
                        .add(IntVector.broadcast(I, twins[k1 + 1]).reinterpretAsShorts().mul(b))
                        .add(IntVector.broadcast(I, pairs[k1]).reinterpretAsShorts()).reinterpretAsInts();
                all1 = all1.add(p1);
                high1 = high1.add(p1.lanewise(ASHR, 16));
                int k2 = k + 2 * stride;
                IntVector p2 = IntVector.broadcast(I, twins[k2]).reinterpretAsShorts().mul(a)
                        .add(IntVector.broadcast(I, twins[k2 + 1]).reinterpretAsShorts().mul(b))
                        .add(IntVector.broadcast(I, pairs[k2]).reinterpretAsShorts()).reinterpretAsInts();
                all2 = all2.add(p2);
                high2 = high2.add(p2.lanewise(ASHR, 16));
                int k3 = k + 3 * stride;
                IntVector p3 = IntVector.broadcast(I, twins[k3]).reinterpretAsShorts().mul(a)
                        .add(IntVector.broadcast(I, twins[k3 + 1]).reinterpretAsShorts().mul(b))
                        .add(IntVector.broadcast(I, pairs[k3]).reinterpretAsShorts()).reinterpretAsInts();
                all3 = all3.add(p3);
                high3 = high3.add(p3.lanewise(ASHR, 16));
                k += 2;
            }
            FloatVector scale0 = scale.lanewise(LSHL, 16).lanewise(ASHR, 3).and(F16_BITS).reinterpretAsFloats()
                    .mul(F16_EXPONENT);
            FloatVector scale1 = scale.lanewise(ASHR, 3).and(F16_BITS).reinterpretAsFloats().mul(F16_EXPONENT);
            int low = WHOLE_BITS - SIZE / 2 * 0x8000;
            float x0 = scales[place];
            y00 = all0.sub(high0.lanewise(LSHL, 16)).add(low).reinterpretAsFloats().sub(WHOLE)
                    .fma(scale0.mul(x0), y00);
            y01 = high0.add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE).fma(scale1.mul(x0), y01);
            float x1 = scales[place + blocks];
            y10 = all1.sub(high1.lanewise(LSHL, 16)).add(low).reinterpretAsFloats().sub(WHOLE)
                    .fma(scale0.mul(x1), y10);
            y11 = high1.add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE).fma(scale1.mul(x1), y11);
            float x2 = scales[place + 2 * blocks];
            y20 = all2.sub(high2.lanewise(LSHL, 16)).add(low).reinterpretAsFloats().sub(WHOLE)
                    .fma(scale0.mul(x2), y20);
            y21 = high2.add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE).fma(scale1.mul(x2), y21);
            float x3 = scales[place + 3 * blocks];
            y30 = all3.sub(high3.lanewise(LSHL, 16)).add(low).reinterpretAsFloats().sub(WHOLE)
                    .fma(scale0.mul(x3), y30);
            y31 = high3.add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE).fma(scale1.mul(x3), y31);
        }
        y00.intoArray(y, yAt);
        y01.intoArray(y, yAt + 16);
        y10.intoArray(y, yAt + yStride);
        y11.intoArray(y, yAt + yStride + 16);
        y20.intoArray(y, yAt + 2 * yStride);
        y21.intoArray(y, yAt + 2 * yStride + 16);
        y30.intoArray(y, yAt + 3 * yStride);
        y31.intoArray(y, yAt + 3 * yStride + 16);
    }

    /** {@link #nibbles} of four rows, one vector of ints. */
    private static void fourNibbles(
            RoundedRows x, int row, MemorySegment w, long wAt, float[] y, int yAt, int yStride, int one) {
        int[] twins = x.twins;
        int[] eights = x.eights;
        float[] scales = x.scales;
        int place = row * x.blocks;
        int blocks = x.blocks;
        int stride = x.stride;
        long step = (long) ROW * one;
        FloatVector zero = FloatVector.zero(F);
        FloatVector y00 = zero, y01 = zero, y10 = zero, y11 = zero, y20 = zero, y21 = zero, y30 = zero, y31 = zero;
        int k = row * stride;
        for (int last = place + blocks; place != last; place += one) {
            IntVector scale = IntVector.fromMemorySegment(I, w, wAt, LITTLE_ENDIAN);
            wAt += step;
            ShortVector sum0 = IntVector.broadcast(I, eights[place]).reinterpretAsShorts();
            ShortVector sum1 = IntVector.broadcast(I, eights[place + blocks]).reinterpretAsShorts();
            ShortVector sum2 = IntVector.broadcast(I, eights[place + 2 * blocks]).reinterpretAsShorts();
            ShortVector sum3 = IntVector.broadcast(I, eights[place + 3 * blocks]).reinterpretAsShorts();
            for (long end = wAt + SIZE / 4 * step; wAt != end; wAt += step) {
                IntVector i = IntVector.fromMemorySegment(I, w, wAt, LITTLE_ENDIAN);
                ShortVector a = i.and(NIBBLES).reinterpretAsShorts();
                ShortVector b = i.lanewise(LSHR, 4).and(NIBBLES).reinterpretAsShorts();
                ShortVector c = i.lanewise(LSHR, 8).and(NIBBLES).reinterpretAsShorts();
                ShortVector d = i.lanewise(LSHR, 12).and(NIBBLES).reinterpretAsShorts();
                sum0 = sum0.add(IntVector.broadcast(I, twins[k]).reinterpretAsShorts().mul(a));
                sum0 = sum0.add(IntVector.broadcast(I, twins[k + 1]).reinterpretAsShorts().mul(b));
                sum0 = sum0.add(IntVector.broadcast(I, twins[k + 2]).reinterpretAsShorts().mul(c));
                sum0 = sum0.add(IntVector.broadcast(I, twins[k + 3]).reinterpretAsShorts().mul(d));
                int k1 = k + stride;
                sum1 = sum1.add(IntVector.broadcast(I, twins[k1]).reinterpretAsShorts().mul(a));
                sum1 = sum1.add(IntVector.broadcast(I, twins[k1 + 1]).reinterpretAsShorts().mul(b));
                sum1 = sum1.add(IntVector.broadcast(I, twins[k1 + 2]).reinterpretAsShorts().mul(c));
                sum1 = sum1.add(IntVector.broadcast(I, twins[k1 + 3]).reinterpretAsShorts().mul(d));
                int k2 = k + 2 * stride;
                sum2 = sum2.add(IntVector.broadcast(I, twins[k2]).reinterpretAsShorts().mul(a));
                sum2 = sum2.add(IntVector.broadcast(I, twins[k2 + 1]).reinterpretAsShorts().mul(b));
                sum2 = sum2.add(IntVector.broadcast(I, twins[k2 + 2]).reinterpretAsShorts().mul(c));
                sum2 = sum2.add(IntVector.broadcast(I, twins[k2 + 3]).reinterpretAsShorts().mul(d));
                int k3 = k + 3 * stride;
                sum3 = sum3.add(IntVector.broadcast(I, twins[k3]).reinterpretAsShorts().mul(a));
                sum3 = sum3.add(IntVector.broadcast(I, twins[k3 + 1]).reinterpretAsShorts().mul(b));
                sum3 = sum3.add(IntVector.broadcast(I, twins[k3 + 2]).reinterpretAsShorts().mul(c));
                sum3 = sum3.add(IntVector.broadcast(I, twins[k3 + 3]).reinterpretAsShorts().mul(d));
                k += 4;
            }
            FloatVector scale0 = scale.lanewise(LSHL, 16).lanewise(ASHR, 3).and(F16_BITS).reinterpretAsFloats()
                    .mul(F16_EXPONENT);
            FloatVector scale1 = scale.lanewise(ASHR, 3).and(F16_BITS).reinterpretAsFloats().mul(F16_EXPONENT);
            float x0 = scales[place];
            IntVector both0 = sum0.reinterpretAsInts();
            y00 = both0.lanewise(LSHL, 16).lanewise(ASHR, 16).add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE)
                    .fma(scale0.mul(x0), y00);
            y01 = both0.lanewise(ASHR, 16).add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE)
                    .fma(scale1.mul(x0), y01);
            float x1 = scales[place + blocks];
            IntVector both1 = sum1.reinterpretAsInts();
            y10 = both1.lanewise(LSHL, 16).lanewise(ASHR, 16).add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE)
                    .fma(scale0.mul(x1), y10);
            y11 = both1.lanewise(ASHR, 16).add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE)
                    .fma(scale1.mul(x1), y11);
            float x2 = scales[place + 2 * blocks];
            IntVector both2 = sum2.reinterpretAsInts();
            y20 = both2.lanewise(LSHL, 16).lanewise(ASHR, 16).add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE)
                    .fma(scale0.mul(x2), y20);
            y21 = both2.lanewise(ASHR, 16).add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE)
                    .fma(scale1.mul(x2), y21);
            float x3 = scales[place + 3 * blocks];
            IntVector both3 = sum3.reinterpretAsInts();
            y30 = both3.lanewise(LSHL, 16).lanewise(ASHR, 16).add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE)
                    .fma(scale0.mul(x3), y30);
            y31 = both3.lanewise(ASHR, 16).add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE)
                    .fma(scale1.mul(x3), y31);
        }
        y00.intoArray(y, yAt);
        y01.intoArray(y, yAt + 16);
        y10.intoArray(y, yAt + yStride);
        y11.intoArray(y, yAt + yStride + 16);
        y20.intoArray(y, yAt + 2 * yStride);
        y21.intoArray(y, yAt + 2 * yStride + 16);
        y30.intoArray(y, yAt + 3 * yStride);
        y31.intoArray(y, yAt + 3 * yStride + 16);
    }
}
