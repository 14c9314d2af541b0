package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.simd.lanes.Lanes.BYTE_EXPONENT;
import static io.github.t6j.kernels.simd.lanes.Lanes.F16_BITS;
import static io.github.t6j.kernels.simd.lanes.Lanes.FLOATS;
import static io.github.t6j.kernels.simd.lanes.Lanes.INTS;
import static io.github.t6j.kernels.simd.lanes.Lanes.LENGTH;
import static io.github.t6j.kernels.simd.lanes.Lanes.LOW_BYTE;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import io.github.t6j.kernels.KQuantFormat;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.UnpackedBlocks;
import io.github.t6j.kernels.simd.lanes.Lanes;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/** Unpacking of the scales of K-quants for several rows, from panels in the layout of {@link KQuantFormat}. */
final class KQuantUnpack {
    private static final int PANEL = Kernels.PANEL;
    private static final int ROW = KQuantFormat.ROW;

    /** Number of ints in a row. */
    private static final int INTS_OF_ROW = UnpackedBlocks.ROW;

    private static final float BYTE = 0x1p23f;

    private KQuantUnpack() {}

    /** Unpacks the scales and offsets of a super-block; {@code exponent} makes floats of the bits of f16. */
    static void scales(
            KQuantFormat format, MemorySegment w, long wAt, int blocks, float exponent, UnpackedBlocks to) {
        for (int row = 0; row < format.superRows(); row++, wAt += ROW) {
            halves(w, wAt, exponent, to.common, row * PANEL);
        }
        long step = (long) ROW * format.blockRows();
        for (int b = 0; b < blocks; b++, wAt += step) {
            switch (format) {
                case Q4_K, Q5_K -> scalesAndMins(w, wAt, format.zero(), to, b * PANEL);
                case Q6_K -> scales(w, wAt, to, 2 * b * PANEL);
                default -> commonScales(w, wAt, exponent, format, to, b * PANEL);
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
                IntVector.fromMemorySegment(INTS, w, wAt + 4 * s, LITTLE_ENDIAN).lanewise(LSHR, bits).and(LOW_BYTE)
                        .or(BYTE_EXPONENT).reinterpretAsFloats().sub(Lanes.BYTE_ZERO)
                        .mul(FloatVector.fromArray(FLOATS, to.common, output))
                        .intoArray(to.scales, at + bits / 8 % 2 * PANEL + output);
            }
        }
    }

    private static void commonScales(
            MemorySegment w, long wAt, float exponent, KQuantFormat format, UnpackedBlocks to, int at) {
        halves(w, wAt, exponent, to.scales, at);
        if (!format.hasOffsets()) {
            return;
        }
        halves(w, wAt + ROW, exponent, to.offsets, at);
        for (int i = at; i < at + PANEL; i += LENGTH) {
            FloatVector.fromArray(FLOATS, to.scales, i).mul(format.zero())
                    .add(FloatVector.fromArray(FLOATS, to.offsets, i)).intoArray(to.offsets, i);
        }
    }

    /** Converts a row of f16 to floats in the order of the outputs. */
    static void halves(MemorySegment w, long wAt, float exponent, float[] to, int at) {
        for (int s = 0; s < INTS_OF_ROW; s += LENGTH) {
            for (int half = 0; half < 32; half += 16) {
                IntVector.fromMemorySegment(INTS, w, wAt + 4 * s, LITTLE_ENDIAN).lanewise(LSHL, 16 - half)
                        .lanewise(ASHR, 3).and(F16_BITS).reinterpretAsFloats().mul(exponent)
                        .intoArray(to, at + BlockGemm.column(s) + half);
            }
        }
    }
}
