package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.simd.Lanes.BYTE_EXPONENT;
import static io.github.t6j.kernels.simd.Lanes.FLOATS;
import static io.github.t6j.kernels.simd.Lanes.INTS;
import static io.github.t6j.kernels.simd.Lanes.LENGTH;
import static io.github.t6j.kernels.simd.Lanes.LOW_BYTE;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import io.github.t6j.kernels.BlockFormat;
import io.github.t6j.kernels.KQuantFormat;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.UnpackedBlocks;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/** Unpacking of K-quants: masks and shifts of rows with 16 bits per output, as {@link KQuantFormat} draws them. */
public final class KQuantUnpack {
    private static final int PANEL = Kernels.PANEL;
    private static final int ROW = KQuantFormat.ROW;

    /** Number of ints in a row. */
    private static final int INTS_OF_ROW = UnpackedBlocks.ROW;

    /** Mask of the low four bits of every byte. */
    public static final int NIBBLES = 0x0F0F0F0F;

    /** Mask of the fifth bit of every byte. */
    public static final int FIFTH_BITS = 0x10101010;

    /** Mask of the fifth and sixth bits of every byte. */
    public static final int TOP_BITS = 0x30303030;

    private static final float BYTE = 0x1p23f;

    private static final int SIGN = 0x80000000;

    /** Mask of an f16 without its sign, in the high half of an int. */
    private static final int MAGNITUDE = 0x7FFF0000;

    /** Bits of 2^−126, the smallest normal float: exponent 1. */
    private static final int LEAST_NORMAL = 0x00800000;

    /** Difference between the biases of the exponents of f32 and f16, 112, in the place of the exponent. */
    private static final int BIAS = 112 << 23;

    private KQuantUnpack() {}

    /** Unpacks the scales and offsets of a super-block. */
    static void scales(KQuantFormat format, MemorySegment w, long wAt, int blocks, UnpackedBlocks to) {
        for (int row = 0; row < format.superRows(); row++, wAt += ROW) {
            halves(w, wAt, to.common, row * PANEL);
        }
        long step = (long) ROW * format.blockRows();
        for (int b = 0; b < blocks; b++, wAt += step) {
            switch (format) {
                case Q4_K, Q5_K -> scalesAndMins(w, wAt, format.zero(), to, b * PANEL);
                case Q6_K -> scales(w, wAt, to, 2 * b * PANEL);
                default -> commonScales(w, wAt, format, to, b * PANEL);
            }
        }
    }

    /** Unpacks the integers of a super-block. */
    static void numbers(KQuantFormat format, MemorySegment w, long wAt, int blocks, int[] to) {
        wAt += (long) ROW * (format.superRows() + format.scaleRows());
        for (int b = 0, at = 0; b < blocks; b++, wAt += (long) ROW * format.blockRows()) {
            switch (format.bits()) {
                case 4 -> nibbles(w, wAt, to, at);
                case 5 -> {
                    fiveBits(w, wAt, to, at);
                    fiveBits(w, wAt + 5 * ROW, to, at + 8 * INTS_OF_ROW);
                }
                default -> sixBits(w, wAt, to, at);
            }
            at += BlockFormat.SIZE / 2 * INTS_OF_ROW;
        }
    }

    /** Unpacks 8 rows of 4 inputs. */
    private static void nibbles(MemorySegment w, long wAt, int[] to, int at) {
        for (int row = 0; row < 8; row++, wAt += ROW, at += 2 * INTS_OF_ROW) {
            for (int s = 0; s < INTS_OF_ROW; s += LENGTH) {
                IntVector n = load(w, wAt + 4 * s);
                n.and(NIBBLES).intoArray(to, at + s);
                n.lanewise(LSHR, 4).and(NIBBLES).intoArray(to, at + INTS_OF_ROW + s);
            }
        }
    }

    /** Unpacks a row of high bits and 4 rows of nibbles, 16 inputs. */
    private static void fiveBits(MemorySegment w, long wAt, int[] to, int at) {
        for (int s = 0; s < INTS_OF_ROW; s += LENGTH) {
            IntVector high = load(w, wAt + 4 * s);
            IntVector n = load(w, wAt + ROW + 4 * s);
            n.and(NIBBLES).or(high.lanewise(LSHL, 4).and(FIFTH_BITS)).intoArray(to, at + s);
            n.lanewise(LSHR, 4).and(NIBBLES).or(high.lanewise(LSHL, 3).and(FIFTH_BITS))
                    .intoArray(to, at + INTS_OF_ROW + s);
            n = load(w, wAt + 2 * ROW + 4 * s);
            n.and(NIBBLES).or(high.lanewise(LSHL, 2).and(FIFTH_BITS)).intoArray(to, at + 2 * INTS_OF_ROW + s);
            n.lanewise(LSHR, 4).and(NIBBLES).or(high.lanewise(LSHL, 1).and(FIFTH_BITS))
                    .intoArray(to, at + 3 * INTS_OF_ROW + s);
            n = load(w, wAt + 3 * ROW + 4 * s);
            n.and(NIBBLES).or(high.and(FIFTH_BITS)).intoArray(to, at + 4 * INTS_OF_ROW + s);
            n.lanewise(LSHR, 4).and(NIBBLES).or(high.lanewise(LSHR, 1).and(FIFTH_BITS))
                    .intoArray(to, at + 5 * INTS_OF_ROW + s);
            n = load(w, wAt + 4 * ROW + 4 * s);
            n.and(NIBBLES).or(high.lanewise(LSHR, 2).and(FIFTH_BITS)).intoArray(to, at + 6 * INTS_OF_ROW + s);
            n.lanewise(LSHR, 4).and(NIBBLES).or(high.lanewise(LSHR, 3).and(FIFTH_BITS))
                    .intoArray(to, at + 7 * INTS_OF_ROW + s);
        }
    }

    /** Unpacks four times a row of high bits and 2 rows of nibbles, 8 inputs. */
    private static void sixBits(MemorySegment w, long wAt, int[] to, int at) {
        for (int group = 0; group < 4; group++, wAt += 3 * ROW, at += 4 * INTS_OF_ROW) {
            for (int s = 0; s < INTS_OF_ROW; s += LENGTH) {
                IntVector high = load(w, wAt + 4 * s);
                IntVector n = load(w, wAt + ROW + 4 * s);
                n.and(NIBBLES).or(high.lanewise(LSHL, 4).and(TOP_BITS)).intoArray(to, at + s);
                n.lanewise(LSHR, 4).and(NIBBLES).or(high.lanewise(LSHL, 2).and(TOP_BITS))
                        .intoArray(to, at + INTS_OF_ROW + s);
                n = load(w, wAt + 2 * ROW + 4 * s);
                n.and(NIBBLES).or(high.and(TOP_BITS)).intoArray(to, at + 2 * INTS_OF_ROW + s);
                n.lanewise(LSHR, 4).and(NIBBLES).or(high.lanewise(LSHR, 2).and(TOP_BITS))
                        .intoArray(to, at + 3 * INTS_OF_ROW + s);
            }
        }
    }

    private static void scalesAndMins(MemorySegment w, long wAt, float zero, UnpackedBlocks to, int at) {
        for (int s = 0; s < INTS_OF_ROW; s += LENGTH) {
            int c = BlockGemm.column(s);
            for (int half = 0; half < 32; half += 16, c += 16) {
                IntVector both = IntVector.fromMemorySegment(INTS, w, wAt + 4 * s, LITTLE_ENDIAN).lanewise(LSHR, half);
                FloatVector scale = both.and(LOW_BYTE).or(BYTE_EXPONENT).reinterpretAsFloats().sub(BYTE)
                        .mul(FloatVector.fromArray(FLOATS, to.common, c));
                FloatVector min = both.lanewise(LSHR, 8).and(LOW_BYTE).or(BYTE_EXPONENT).reinterpretAsFloats()
                        .sub(BYTE).mul(FloatVector.fromArray(FLOATS, to.common, PANEL + c));
                scale.intoArray(to.scales, at + c);
                scale.mul(zero).sub(min).intoArray(to.offsets, at + c);
            }
        }
    }

    private static void scales(MemorySegment w, long wAt, UnpackedBlocks to, int at) {
        for (int s = 0; s < INTS_OF_ROW; s += LENGTH) {
            int c = BlockGemm.column(s);
            for (int bits = 0; bits < 32; bits += 8) {
                int output = c + bits / 16 * 16;
                int place = at + bits / 8 % 2 * PANEL + output;
                IntVector.fromMemorySegment(INTS, w, wAt + 4 * s, LITTLE_ENDIAN).lanewise(LSHR, bits).and(LOW_BYTE)
                        .or(BYTE_EXPONENT).reinterpretAsFloats().sub(Lanes.BYTE_ZERO)
                        .mul(FloatVector.fromArray(FLOATS, to.common, output)).intoArray(to.scales, place);
                FloatVector.zero(FLOATS).intoArray(to.offsets, place);
            }
        }
    }

    private static void commonScales(MemorySegment w, long wAt, KQuantFormat format, UnpackedBlocks to, int at) {
        halves(w, wAt, to.scales, at);
        if (format.scaleRows() == 1) {
            for (int i = 0; i < PANEL; i += LENGTH) {
                FloatVector.zero(FLOATS).intoArray(to.offsets, at + i);
            }
            return;
        }
        halves(w, wAt + ROW, to.offsets, at);
        for (int i = at; i < at + PANEL; i += LENGTH) {
            FloatVector.fromArray(FLOATS, to.scales, i).mul(format.zero())
                    .add(FloatVector.fromArray(FLOATS, to.offsets, i)).intoArray(to.offsets, i);
        }
    }

    /**
     * Converts a row of f16 to floats in the order of the outputs, without subnormal floats, which are slow. A subnormal
     * f16 gets the exponent of the smallest normal one, and that is subtracted again.
     */
    private static void halves(MemorySegment w, long wAt, float[] to, int at) {
        for (int s = 0; s < INTS_OF_ROW; s += LENGTH) {
            for (int half = 0; half < 32; half += 16) {
                IntVector bits = IntVector.fromMemorySegment(INTS, w, wAt + 4 * s, LITTLE_ENDIAN)
                        .lanewise(LSHL, 16 - half);
                IntVector magnitude = bits.and(MAGNITUDE).lanewise(LSHR, 3);
                IntVector subnormal = magnitude.sub(LEAST_NORMAL).lanewise(ASHR, 31); // all ones, or 0
                FloatVector excess = subnormal.and(BIAS + LEAST_NORMAL).reinterpretAsFloats();
                magnitude.add(BIAS).add(subnormal.and(LEAST_NORMAL)).reinterpretAsFloats().sub(excess)
                        .reinterpretAsInts().or(bits.and(SIGN)).reinterpretAsFloats()
                        .intoArray(to, at + BlockGemm.column(s) + half);
            }
        }
    }

    private static IntVector load(MemorySegment w, long at) {
        return IntVector.fromMemorySegment(INTS, w, at, LITTLE_ENDIAN);
    }
}
