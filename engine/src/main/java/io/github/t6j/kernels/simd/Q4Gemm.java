package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.simd.BlockGemm.F16_BITS;
import static io.github.t6j.kernels.simd.BlockGemm.F16_EXPONENT;
import static io.github.t6j.kernels.simd.BlockGemm.WHOLE;
import static io.github.t6j.kernels.simd.BlockGemm.WHOLE_BITS;
import static io.github.t6j.kernels.simd.Lanes.FLOATS;
import static io.github.t6j.kernels.simd.Lanes.INTS;
import static io.github.t6j.kernels.simd.Lanes.LENGTH;
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
    private static final int GROUP = RoundedRows.GROUP;
    private static final int BLOCK = RoundedRows.BLOCK;

    /** Mask of the weights of two inputs in each half of an int: w0 + 256 · w1. */
    private static final int NIBBLES = 0x0F0F0F0F;

    private Q4Gemm() {}

    /** Multiplies one row. */
    static void one(
            RoundedRows x, int row, MemorySegment w, long wAt, float[] y, int c0, int c1, int one) {
        int[] numbers = x.numbers;
        int[] eights = x.eights;
        float[] scales = x.scales;
        int place = row * x.blocks;
        long step = (long) ROW * one;
        FloatVector y00 = FloatVector.zero(FLOATS), y01 = y00, y10 = y00, y11 = y00;
        int next = x.group * BLOCK - SIZE;
        int k = x.at(row, 0);
        for (int last = place + x.blocks; place != last; place += one) {
            IntVector scale0 = IntVector.fromMemorySegment(INTS, w, wAt, LITTLE_ENDIAN);
            IntVector scale1 = IntVector.fromMemorySegment(INTS, w, wAt + 4 * LENGTH, LITTLE_ENDIAN);
            wAt += step;
            ShortVector sum0 = IntVector.broadcast(INTS, eights[place]).reinterpretAsShorts(), sum1 = sum0;
            for (long end = wAt + SIZE / 4 * step; wAt != end; wAt += step) {
                IntVector w0 = IntVector.fromMemorySegment(INTS, w, wAt, LITTLE_ENDIAN);
                IntVector w1 = IntVector.fromMemorySegment(INTS, w, wAt + 4 * LENGTH, LITTLE_ENDIAN);
                ShortVector xa = IntVector.broadcast(INTS, numbers[k]).reinterpretAsShorts();
                ShortVector xb = IntVector.broadcast(INTS, numbers[k + 1]).reinterpretAsShorts();
                ShortVector xc = IntVector.broadcast(INTS, numbers[k + 2]).reinterpretAsShorts();
                ShortVector xd = IntVector.broadcast(INTS, numbers[k + 3]).reinterpretAsShorts();
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

    /** Multiplies four rows, which share the cost of unpacking the weights. */
    static void four(
            RoundedRows x, int row, MemorySegment w, long wAt, float[] y, int c0, int c1, int yStride, int one) {
        int[] numbers = x.numbers;
        int[] eights = x.eights;
        float[] scales = x.scales;
        int place = row * x.blocks;
        int blocks = x.blocks;
        long step = (long) ROW * one;
        FloatVector zero = FloatVector.zero(FLOATS);
        FloatVector y00 = zero, y01 = zero, y02 = zero, y03 = zero;
        FloatVector y10 = zero, y11 = zero, y12 = zero, y13 = zero;
        FloatVector y20 = zero, y21 = zero, y22 = zero, y23 = zero;
        FloatVector y30 = zero, y31 = zero, y32 = zero, y33 = zero;
        int k = x.at(row, 0);
        for (int last = place + blocks; place != last; place += one) {
            IntVector pair0 = IntVector.fromMemorySegment(INTS, w, wAt, LITTLE_ENDIAN);
            IntVector pair1 = IntVector.fromMemorySegment(INTS, w, wAt + 4 * LENGTH, LITTLE_ENDIAN);
            wAt += step;
            ShortVector sum00 = IntVector.broadcast(INTS, eights[place]).reinterpretAsShorts(), sum01 = sum00;
            ShortVector sum10 = IntVector.broadcast(INTS, eights[place + blocks]).reinterpretAsShorts(), sum11 = sum10;
            ShortVector sum20 = IntVector.broadcast(INTS, eights[place + 2 * blocks]).reinterpretAsShorts(),
                    sum21 = sum20;
            ShortVector sum30 = IntVector.broadcast(INTS, eights[place + 3 * blocks]).reinterpretAsShorts(),
                    sum31 = sum30;
            for (long end = wAt + SIZE / 4 * step; wAt != end; wAt += step) {
                IntVector w0 = IntVector.fromMemorySegment(INTS, w, wAt, LITTLE_ENDIAN);
                IntVector w1 = IntVector.fromMemorySegment(INTS, w, wAt + 4 * LENGTH, LITTLE_ENDIAN);
                ShortVector n00 = w0.and(NIBBLES).reinterpretAsShorts();
                ShortVector n10 = n00.lanewise(LSHR, 8);
                ShortVector n20 = w0.lanewise(LSHR, 4).and(NIBBLES).reinterpretAsShorts();
                ShortVector n30 = n20.lanewise(LSHR, 8);
                ShortVector n01 = w1.and(NIBBLES).reinterpretAsShorts();
                ShortVector n11 = n01.lanewise(LSHR, 8);
                ShortVector n21 = w1.lanewise(LSHR, 4).and(NIBBLES).reinterpretAsShorts();
                ShortVector n31 = n21.lanewise(LSHR, 8);
                ShortVector x0a = IntVector.broadcast(INTS, numbers[k]).reinterpretAsShorts();
                sum00 = sum00.add(n00.mul(x0a));
                sum01 = sum01.add(n01.mul(x0a));
                ShortVector x0b = IntVector.broadcast(INTS, numbers[k + 1]).reinterpretAsShorts();
                sum00 = sum00.add(n10.mul(x0b));
                sum01 = sum01.add(n11.mul(x0b));
                ShortVector x0c = IntVector.broadcast(INTS, numbers[k + 2]).reinterpretAsShorts();
                sum00 = sum00.add(n20.mul(x0c));
                sum01 = sum01.add(n21.mul(x0c));
                ShortVector x0d = IntVector.broadcast(INTS, numbers[k + 3]).reinterpretAsShorts();
                sum00 = sum00.add(n30.mul(x0d));
                sum01 = sum01.add(n31.mul(x0d));
                ShortVector x1a = IntVector.broadcast(INTS, numbers[k + BLOCK]).reinterpretAsShorts();
                sum10 = sum10.add(n00.mul(x1a));
                sum11 = sum11.add(n01.mul(x1a));
                ShortVector x1b = IntVector.broadcast(INTS, numbers[k + BLOCK + 1]).reinterpretAsShorts();
                sum10 = sum10.add(n10.mul(x1b));
                sum11 = sum11.add(n11.mul(x1b));
                ShortVector x1c = IntVector.broadcast(INTS, numbers[k + BLOCK + 2]).reinterpretAsShorts();
                sum10 = sum10.add(n20.mul(x1c));
                sum11 = sum11.add(n21.mul(x1c));
                ShortVector x1d = IntVector.broadcast(INTS, numbers[k + BLOCK + 3]).reinterpretAsShorts();
                sum10 = sum10.add(n30.mul(x1d));
                sum11 = sum11.add(n31.mul(x1d));
                ShortVector x2a = IntVector.broadcast(INTS, numbers[k + 2 * BLOCK]).reinterpretAsShorts();
                sum20 = sum20.add(n00.mul(x2a));
                sum21 = sum21.add(n01.mul(x2a));
                ShortVector x2b = IntVector.broadcast(INTS, numbers[k + 2 * BLOCK + 1]).reinterpretAsShorts();
                sum20 = sum20.add(n10.mul(x2b));
                sum21 = sum21.add(n11.mul(x2b));
                ShortVector x2c = IntVector.broadcast(INTS, numbers[k + 2 * BLOCK + 2]).reinterpretAsShorts();
                sum20 = sum20.add(n20.mul(x2c));
                sum21 = sum21.add(n21.mul(x2c));
                ShortVector x2d = IntVector.broadcast(INTS, numbers[k + 2 * BLOCK + 3]).reinterpretAsShorts();
                sum20 = sum20.add(n30.mul(x2d));
                sum21 = sum21.add(n31.mul(x2d));
                ShortVector x3a = IntVector.broadcast(INTS, numbers[k + 3 * BLOCK]).reinterpretAsShorts();
                sum30 = sum30.add(n00.mul(x3a));
                sum31 = sum31.add(n01.mul(x3a));
                ShortVector x3b = IntVector.broadcast(INTS, numbers[k + 3 * BLOCK + 1]).reinterpretAsShorts();
                sum30 = sum30.add(n10.mul(x3b));
                sum31 = sum31.add(n11.mul(x3b));
                ShortVector x3c = IntVector.broadcast(INTS, numbers[k + 3 * BLOCK + 2]).reinterpretAsShorts();
                sum30 = sum30.add(n20.mul(x3c));
                sum31 = sum31.add(n21.mul(x3c));
                ShortVector x3d = IntVector.broadcast(INTS, numbers[k + 3 * BLOCK + 3]).reinterpretAsShorts();
                sum30 = sum30.add(n30.mul(x3d));
                sum31 = sum31.add(n31.mul(x3d));
                k += 4;
            }
            k += GROUP * BLOCK - SIZE;
            FloatVector scale0 = pair0.lanewise(LSHL, 16).lanewise(ASHR, 3).and(F16_BITS).reinterpretAsFloats()
                    .mul(F16_EXPONENT);
            FloatVector scale1 = pair0.lanewise(ASHR, 3).and(F16_BITS).reinterpretAsFloats().mul(F16_EXPONENT);
            FloatVector scale2 = pair1.lanewise(LSHL, 16).lanewise(ASHR, 3).and(F16_BITS).reinterpretAsFloats()
                    .mul(F16_EXPONENT);
            FloatVector scale3 = pair1.lanewise(ASHR, 3).and(F16_BITS).reinterpretAsFloats().mul(F16_EXPONENT);
            float x0 = scales[place];
            IntVector i00 = sum00.reinterpretAsInts();
            y00 = i00.lanewise(LSHL, 16).lanewise(ASHR, 16).add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE)
                    .fma(scale0.mul(x0), y00);
            y01 = i00.lanewise(ASHR, 16).add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE)
                    .fma(scale1.mul(x0), y01);
            IntVector i01 = sum01.reinterpretAsInts();
            y02 = i01.lanewise(LSHL, 16).lanewise(ASHR, 16).add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE)
                    .fma(scale2.mul(x0), y02);
            y03 = i01.lanewise(ASHR, 16).add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE)
                    .fma(scale3.mul(x0), y03);
            float x1 = scales[place + blocks];
            IntVector i10 = sum10.reinterpretAsInts();
            y10 = i10.lanewise(LSHL, 16).lanewise(ASHR, 16).add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE)
                    .fma(scale0.mul(x1), y10);
            y11 = i10.lanewise(ASHR, 16).add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE)
                    .fma(scale1.mul(x1), y11);
            IntVector i11 = sum11.reinterpretAsInts();
            y12 = i11.lanewise(LSHL, 16).lanewise(ASHR, 16).add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE)
                    .fma(scale2.mul(x1), y12);
            y13 = i11.lanewise(ASHR, 16).add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE)
                    .fma(scale3.mul(x1), y13);
            float x2 = scales[place + 2 * blocks];
            IntVector i20 = sum20.reinterpretAsInts();
            y20 = i20.lanewise(LSHL, 16).lanewise(ASHR, 16).add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE)
                    .fma(scale0.mul(x2), y20);
            y21 = i20.lanewise(ASHR, 16).add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE)
                    .fma(scale1.mul(x2), y21);
            IntVector i21 = sum21.reinterpretAsInts();
            y22 = i21.lanewise(LSHL, 16).lanewise(ASHR, 16).add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE)
                    .fma(scale2.mul(x2), y22);
            y23 = i21.lanewise(ASHR, 16).add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE)
                    .fma(scale3.mul(x2), y23);
            float x3 = scales[place + 3 * blocks];
            IntVector i30 = sum30.reinterpretAsInts();
            y30 = i30.lanewise(LSHL, 16).lanewise(ASHR, 16).add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE)
                    .fma(scale0.mul(x3), y30);
            y31 = i30.lanewise(ASHR, 16).add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE)
                    .fma(scale1.mul(x3), y31);
            IntVector i31 = sum31.reinterpretAsInts();
            y32 = i31.lanewise(LSHL, 16).lanewise(ASHR, 16).add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE)
                    .fma(scale2.mul(x3), y32);
            y33 = i31.lanewise(ASHR, 16).add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE)
                    .fma(scale3.mul(x3), y33);
        }
        y00.intoArray(y, c0);
        y01.intoArray(y, c0 + 16);
        y02.intoArray(y, c1);
        y03.intoArray(y, c1 + 16);
        y10.intoArray(y, c0 + yStride);
        y11.intoArray(y, c0 + yStride + 16);
        y12.intoArray(y, c1 + yStride);
        y13.intoArray(y, c1 + yStride + 16);
        y20.intoArray(y, c0 + 2 * yStride);
        y21.intoArray(y, c0 + 2 * yStride + 16);
        y22.intoArray(y, c1 + 2 * yStride);
        y23.intoArray(y, c1 + 2 * yStride + 16);
        y30.intoArray(y, c0 + 3 * yStride);
        y31.intoArray(y, c0 + 3 * yStride + 16);
        y32.intoArray(y, c1 + 3 * yStride);
        y33.intoArray(y, c1 + 3 * yStride + 16);
    }
}
