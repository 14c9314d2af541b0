package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.simd.BlockGemm.WHOLE;
import static io.github.t6j.kernels.simd.BlockGemm.WHOLE_BITS;
import static io.github.t6j.kernels.simd.Lanes.FLOATS;
import static io.github.t6j.kernels.simd.Lanes.INTS;
import static io.github.t6j.kernels.simd.Lanes.LENGTH;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.LSHL;

import io.github.t6j.kernels.KQuantFormat;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.RoundedRows;
import io.github.t6j.kernels.UnpackedBlocks;
import io.github.t6j.kernels.simd.generated.KQuantTile;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Product of a panel of K-quants and rows, a super-block at a time: first sums of 16 bits, like {@link BlockGemm}'s,
 * then these times the scales. Four rows share the unpacking of the super-block, which then stays in the first cache
 * while all rows pass; a single row unpacks in registers.
 *
 * <p>C2 inlines only a limited amount of vector code per method, so sums pass from one method to the next in memory.
 */
final class KQuantGemm {
    private static final int PANEL = Kernels.PANEL;
    private static final int ROW = UnpackedBlocks.ROW;

    private KQuantGemm() {}

    /** Implements {@link Kernels#multiplyKQuants}. */
    static void rows(
            RoundedRows x, KQuantFormat format, MemorySegment w, long wAt, UnpackedBlocks unpacked, float[] y, int yAt,
            int yStride, int one) {
        for (int r = 0; r < x.rows; r++) {
            Arrays.fill(y, yAt + r * yStride, yAt + r * yStride + PANEL, 0f);
        }
        for (int block = 0; block < x.blocks; block += KQuantFormat.BLOCKS) {
            int blocks = Math.min(KQuantFormat.BLOCKS, x.blocks - block);
            KQuantUnpack.scales(format, w, wAt, blocks, unpacked);
            int r = 0;
            if (x.rows >= RoundedRows.GROUP) {
                KQuantUnpack.numbers(format, w, wAt, blocks, unpacked.pairs);
                for (; x.rows - r >= RoundedRows.GROUP; r += RoundedRows.GROUP) {
                    four(x, r, block, format.bits(), unpacked, blocks, one);
                    for (int i = 0; i < RoundedRows.GROUP; i++) {
                        scale(x, r + i, i, block, format, unpacked, blocks, y, yAt + (r + i) * yStride, one);
                    }
                }
            }
            for (; r < x.rows; r++) {
                one(x, r, block, format, w, wAt, unpacked.sums, blocks, one);
                scale(x, r, 0, block, format, unpacked, blocks, y, yAt + r * yStride, one);
            }
            wAt += format.bytes(blocks);
        }
    }

    private static void four(RoundedRows x, int row, int block, int bits, UnpackedBlocks w, int blocks, int one) {
        for (int b = 0; b < blocks; b++) {
            for (int s = 0; s < ROW; s += 2 * LENGTH) {
                switch (bits) {
                    case 4 -> KQuantTile.four4(x, row, block + b, w, b, s, one);
                    case 5 -> KQuantTile.four5(x, row, block + b, w, b, s, one);
                    default -> KQuantTile.four6(x, row, block + b, w, b, s, one);
                }
            }
        }
    }

    private static void one(
            RoundedRows x, int row, int block, KQuantFormat format, MemorySegment w, long wAt, int[] sums, int blocks,
            int one) {
        wAt += (long) KQuantFormat.ROW * (format.superRows() + format.scaleRows());
        for (int b = 0; b < blocks; b++, wAt += (long) KQuantFormat.ROW * format.blockRows()) {
            for (int s = 0; s < ROW; s += 2 * LENGTH) {
                switch (format.bits()) {
                    case 4 -> KQuantTile.one4(x, row, block + b, w, wAt, sums, b, s, one);
                    case 5 -> KQuantTile.one5(x, row, block + b, w, wAt, sums, b, s, one);
                    default -> KQuantTile.one6(x, row, block + b, w, wAt, sums, b, s, one);
                }
            }
        }
    }

    /** Adds the sums of a row's super-block times their scales to y. */
    private static void scale(
            RoundedRows x, int row, int i, int block, KQuantFormat format, UnpackedBlocks w, int blocks, float[] y,
            int yAt, int one) {
        int sums = i * KQuantFormat.sums() * ROW;
        for (int s = 0; s < ROW; s += LENGTH) {
            int c = BlockGemm.column(s);
            switch (format.bits()) {
                case 4 -> scaleSums(x, row, block, w, blocks, sums + s, c, y, yAt + c, one);
                case 5 -> scalePairs(x, row, block, w, blocks, 0, sums + s, c, y, yAt + c, one);
                default -> scalePairs(x, row, block, w, 2 * blocks, 1, sums + s, c, y, yAt + c, one);
            }
        }
    }

    /** Each scale has one sum. */
    private static void scaleSums(
            RoundedRows x, int row, int block, UnpackedBlocks w, int count, int at, int c, float[] y, int yAt,
            int one) {
        FloatVector low = FloatVector.fromArray(FLOATS, y, yAt);
        FloatVector high = FloatVector.fromArray(FLOATS, y, yAt + 16);
        int place = row * x.blocks + block;
        for (int last = place + count; place != last; place += one) {
            IntVector all = IntVector.fromArray(INTS, w.sums, at);
            IntVector upper = all.lanewise(ASHR, 16);
            float scale = x.scales[place];
            FloatVector total = FloatVector.broadcast(FLOATS, x.totals[place]);
            low = all.sub(upper.lanewise(LSHL, 16)).add(WHOLE_BITS - 0x8000).reinterpretAsFloats().sub(WHOLE)
                    .fma(FloatVector.fromArray(FLOATS, w.scales, c).mul(scale), low);
            low = FloatVector.fromArray(FLOATS, w.offsets, c).fma(total, low);
            high = upper.add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE)
                    .fma(FloatVector.fromArray(FLOATS, w.scales, c + 16).mul(scale), high);
            high = FloatVector.fromArray(FLOATS, w.offsets, c + 16).fma(total, high);
            at += ROW;
            c += PANEL;
        }
        low.intoArray(y, yAt);
        high.intoArray(y, yAt + 16);
    }

    /**
     * Each scale has two sums.
     *
     * @param half 1 if a block has two scales, else 0
     */
    private static void scalePairs(
            RoundedRows x, int row, int block, UnpackedBlocks w, int count, int half, int at, int c, float[] y,
            int yAt, int one) {
        FloatVector low = FloatVector.fromArray(FLOATS, y, yAt);
        FloatVector high = FloatVector.fromArray(FLOATS, y, yAt + 16);
        int place = row * x.blocks + block << half;
        for (int last = place + count; place != last; place += one) {
            IntVector first = IntVector.fromArray(INTS, w.sums, at);
            IntVector second = IntVector.fromArray(INTS, w.sums, at + ROW);
            IntVector upper = first.lanewise(ASHR, 16).add(second.lanewise(ASHR, 16));
            float scale = x.scales[place >> half];
            FloatVector total = FloatVector.broadcast(FLOATS, x.totals[place >> half]);
            low = first.add(second).sub(upper.lanewise(LSHL, 16)).add(WHOLE_BITS - 2 * 0x8000).reinterpretAsFloats()
                    .sub(WHOLE).fma(FloatVector.fromArray(FLOATS, w.scales, c).mul(scale), low);
            low = FloatVector.fromArray(FLOATS, w.offsets, c).fma(total, low);
            high = upper.add(WHOLE_BITS).reinterpretAsFloats().sub(WHOLE)
                    .fma(FloatVector.fromArray(FLOATS, w.scales, c + 16).mul(scale), high);
            high = FloatVector.fromArray(FLOATS, w.offsets, c + 16).fma(total, high);
            at += 2 * ROW;
            c += PANEL;
        }
        low.intoArray(y, yAt);
        high.intoArray(y, yAt + 16);
    }
}
