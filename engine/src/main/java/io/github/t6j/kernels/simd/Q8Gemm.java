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

import io.github.t6j.kernels.BlockFormat;
import io.github.t6j.kernels.RoundedRows;
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
    private static final int GROUP = RoundedRows.GROUP;
    private static final int BLOCK = RoundedRows.BLOCK;

    /**
     * Start value of the sums of whole ints: the bits of {@link BlockGemm#WHOLE}, minus the excess of the low halves.
     */
    private static final int ALL = WHOLE_BITS - SIZE / 2 * 0x8000;

    private Q8Gemm() {}

    /** Multiplies one row. */
    static void one(
            RoundedRows x, int row, MemorySegment w, long wAt, float[] y, int c0, int c1, int one) {
        int[] numbers = x.numbers;
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
            IntVector all0 = IntVector.broadcast(INTS, ALL), all1 = all0;
            IntVector high0 = IntVector.broadcast(INTS, WHOLE_BITS), high1 = high0;
            for (long end = wAt + SIZE / 2 * step; wAt != end; wAt += step) {
                ShortVector xa = IntVector.broadcast(INTS, numbers[k]).reinterpretAsShorts();
                ShortVector xb = IntVector.broadcast(INTS, numbers[k + 1]).reinterpretAsShorts();
                ShortVector offset = IntVector.broadcast(INTS, numbers[k + SIZE]).reinterpretAsShorts();
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
            IntVector all00 = IntVector.broadcast(INTS, ALL), all10 = all00, all20 = all00, all30 = all00;
            IntVector all01 = all00, all11 = all00, all21 = all00, all31 = all00;
            IntVector high00 = IntVector.broadcast(INTS, WHOLE_BITS), high10 = high00, high20 = high00, high30 = high00;
            IntVector high01 = high00, high11 = high00, high21 = high00, high31 = high00;
            for (long end = wAt + SIZE / 2 * step; wAt != end; wAt += step) {
                ShortVector w0 = IntVector.fromMemorySegment(INTS, w, wAt, LITTLE_ENDIAN)
                        .reinterpretAsShorts();
                ShortVector w1 = IntVector.fromMemorySegment(INTS, w, wAt + 4 * LENGTH, LITTLE_ENDIAN)
                        .reinterpretAsShorts();
                ShortVector b0 = w0.lanewise(ASHR, 8);
                ShortVector b1 = w1.lanewise(ASHR, 8);
                ShortVector x0a = IntVector.broadcast(INTS, numbers[k]).reinterpretAsShorts();
                ShortVector x0b = IntVector.broadcast(INTS, numbers[k + 1]).reinterpretAsShorts();
                ShortVector offset0 = IntVector.broadcast(INTS, numbers[k + SIZE]).reinterpretAsShorts();
                IntVector p00 = w0.mul(x0a).add(b0.mul(x0b)).add(offset0).reinterpretAsInts();
                all00 = all00.add(p00);
                high00 = high00.add(p00.lanewise(ASHR, 16));
                IntVector p01 = w1.mul(x0a).add(b1.mul(x0b)).add(offset0).reinterpretAsInts();
                all01 = all01.add(p01);
                high01 = high01.add(p01.lanewise(ASHR, 16));
                ShortVector x1a = IntVector.broadcast(INTS, numbers[k + BLOCK]).reinterpretAsShorts();
                ShortVector x1b = IntVector.broadcast(INTS, numbers[k + BLOCK + 1]).reinterpretAsShorts();
                ShortVector offset1 = IntVector.broadcast(INTS, numbers[k + BLOCK + SIZE]).reinterpretAsShorts();
                IntVector p10 = w0.mul(x1a).add(b0.mul(x1b)).add(offset1).reinterpretAsInts();
                all10 = all10.add(p10);
                high10 = high10.add(p10.lanewise(ASHR, 16));
                IntVector p11 = w1.mul(x1a).add(b1.mul(x1b)).add(offset1).reinterpretAsInts();
                all11 = all11.add(p11);
                high11 = high11.add(p11.lanewise(ASHR, 16));
                ShortVector x2a = IntVector.broadcast(INTS, numbers[k + 2 * BLOCK]).reinterpretAsShorts();
                ShortVector x2b = IntVector.broadcast(INTS, numbers[k + 2 * BLOCK + 1]).reinterpretAsShorts();
                ShortVector offset2 = IntVector.broadcast(INTS, numbers[k + 2 * BLOCK + SIZE]).reinterpretAsShorts();
                IntVector p20 = w0.mul(x2a).add(b0.mul(x2b)).add(offset2).reinterpretAsInts();
                all20 = all20.add(p20);
                high20 = high20.add(p20.lanewise(ASHR, 16));
                IntVector p21 = w1.mul(x2a).add(b1.mul(x2b)).add(offset2).reinterpretAsInts();
                all21 = all21.add(p21);
                high21 = high21.add(p21.lanewise(ASHR, 16));
                ShortVector x3a = IntVector.broadcast(INTS, numbers[k + 3 * BLOCK]).reinterpretAsShorts();
                ShortVector x3b = IntVector.broadcast(INTS, numbers[k + 3 * BLOCK + 1]).reinterpretAsShorts();
                ShortVector offset3 = IntVector.broadcast(INTS, numbers[k + 3 * BLOCK + SIZE]).reinterpretAsShorts();
                IntVector p30 = w0.mul(x3a).add(b0.mul(x3b)).add(offset3).reinterpretAsInts();
                all30 = all30.add(p30);
                high30 = high30.add(p30.lanewise(ASHR, 16));
                IntVector p31 = w1.mul(x3a).add(b1.mul(x3b)).add(offset3).reinterpretAsInts();
                all31 = all31.add(p31);
                high31 = high31.add(p31.lanewise(ASHR, 16));
                k += 2;
            }
            k += GROUP * BLOCK - SIZE;
            FloatVector scale0 = pair0.lanewise(LSHL, 16).lanewise(ASHR, 3).and(F16_BITS).reinterpretAsFloats()
                    .mul(F16_EXPONENT);
            FloatVector scale1 = pair0.lanewise(ASHR, 3).and(F16_BITS).reinterpretAsFloats().mul(F16_EXPONENT);
            FloatVector scale2 = pair1.lanewise(LSHL, 16).lanewise(ASHR, 3).and(F16_BITS).reinterpretAsFloats()
                    .mul(F16_EXPONENT);
            FloatVector scale3 = pair1.lanewise(ASHR, 3).and(F16_BITS).reinterpretAsFloats().mul(F16_EXPONENT);
            float x0 = scales[place];
            y00 = all00.sub(high00.lanewise(LSHL, 16)).reinterpretAsFloats().sub(WHOLE)
                    .fma(scale0.mul(x0), y00);
            y01 = high00.reinterpretAsFloats().sub(WHOLE).fma(scale1.mul(x0), y01);
            y02 = all01.sub(high01.lanewise(LSHL, 16)).reinterpretAsFloats().sub(WHOLE)
                    .fma(scale2.mul(x0), y02);
            y03 = high01.reinterpretAsFloats().sub(WHOLE).fma(scale3.mul(x0), y03);
            float x1 = scales[place + blocks];
            y10 = all10.sub(high10.lanewise(LSHL, 16)).reinterpretAsFloats().sub(WHOLE)
                    .fma(scale0.mul(x1), y10);
            y11 = high10.reinterpretAsFloats().sub(WHOLE).fma(scale1.mul(x1), y11);
            y12 = all11.sub(high11.lanewise(LSHL, 16)).reinterpretAsFloats().sub(WHOLE)
                    .fma(scale2.mul(x1), y12);
            y13 = high11.reinterpretAsFloats().sub(WHOLE).fma(scale3.mul(x1), y13);
            float x2 = scales[place + 2 * blocks];
            y20 = all20.sub(high20.lanewise(LSHL, 16)).reinterpretAsFloats().sub(WHOLE)
                    .fma(scale0.mul(x2), y20);
            y21 = high20.reinterpretAsFloats().sub(WHOLE).fma(scale1.mul(x2), y21);
            y22 = all21.sub(high21.lanewise(LSHL, 16)).reinterpretAsFloats().sub(WHOLE)
                    .fma(scale2.mul(x2), y22);
            y23 = high21.reinterpretAsFloats().sub(WHOLE).fma(scale3.mul(x2), y23);
            float x3 = scales[place + 3 * blocks];
            y30 = all30.sub(high30.lanewise(LSHL, 16)).reinterpretAsFloats().sub(WHOLE)
                    .fma(scale0.mul(x3), y30);
            y31 = high30.reinterpretAsFloats().sub(WHOLE).fma(scale1.mul(x3), y31);
            y32 = all31.sub(high31.lanewise(LSHL, 16)).reinterpretAsFloats().sub(WHOLE)
                    .fma(scale2.mul(x3), y32);
            y33 = high31.reinterpretAsFloats().sub(WHOLE).fma(scale3.mul(x3), y33);
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
