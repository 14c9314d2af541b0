package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.simd.lanes.Lanes.HIGH_HALF;
import static io.github.t6j.kernels.simd.lanes.Lanes.INTS;
import static io.github.t6j.kernels.simd.lanes.Lanes.LENGTH;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.scalar.ScalarKernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Transposition of rows to columns. 512-bit vectors take 16 rows of eight elements at a time and swap their halves,
 * quarters and pairs. Other vectors, and the rest, take 4 × 4 blocks in 128-bit vectors (ADR 10). Two BF16 elements
 * move as one int and are separated afterwards.
 *
 * <p>A long holds two elements of a row, because float vectors must have one width in all kernels. Otherwise C2
 * compiles the products of some JVMs with their checks inside the loop, at two thirds of the speed (ADR 28). C2
 * compiles no shuffles of two longs, so loads at shifted addresses swap the halves of small blocks.
 *
 * <pre>
 *   row r       c+0 c+1 | c+2 c+3       early of r and r+2    r:c+0 r:c+1 | r+2:c+0 r+2:c+1
 *   row r+2     c+0 c+1 | c+2 c+3       late  of r and r+2    r:c+2 r:c+3 | r+2:c+2 r+2:c+3
 * </pre>
 */
final class Transpose {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final int GROUP = 32; // BF16 elements of a group

    private static final long LOW = 0xFFFFFFFFL;
    private static final long HIGH = ~LOW;

    private static final VectorSpecies<Long> PAIRS = LongVector.SPECIES_128;
    private static final LongVector SECOND = LongVector.zero(PAIRS).withLane(1, -1);

    private static final VectorSpecies<Long> EIGHT = LongVector.SPECIES_512;
    private static final VectorMask<Long> LATE_HALF = VectorMask.fromLong(EIGHT, 0b11110000);
    private static final VectorMask<Long> LATE_QUARTERS = VectorMask.fromLong(EIGHT, 0b11001100);
    private static final VectorMask<Long> LATE_PAIRS = VectorMask.fromLong(EIGHT, 0b10101010);
    private static final VectorShuffle<Long> QUARTERS_UP = VectorShuffle.fromValues(EIGHT, 0, 0, 0, 1, 0, 0, 4, 5);
    private static final VectorShuffle<Long> QUARTERS_DOWN = VectorShuffle.fromValues(EIGHT, 2, 3, 0, 0, 6, 7, 0, 0);
    private static final VectorShuffle<Long> PAIRS_UP = VectorShuffle.fromValues(EIGHT, 0, 0, 0, 2, 0, 4, 0, 6);
    private static final VectorShuffle<Long> PAIRS_DOWN = VectorShuffle.fromValues(EIGHT, 1, 0, 3, 0, 5, 0, 7, 0);

    private Transpose() {}

    /** Implements {@link io.github.t6j.kernels.Kernels#transpose}. */
    static void matrix(
            Format format, MemorySegment from, long fromAt, int fromStride, int rows, int columns, MemorySegment to,
            int toStride) {
        if (format == Format.F32) {
            ints(from, fromAt, 4L * fromStride, rows, columns, to, 0, toStride);
            return;
        }
        int whole = columns - columns % GROUP;
        for (int c = 0; c < whole; c += GROUP) {
            long out = 4L * c * toStride;
            ints(from, fromAt + format.bytes(c), format.bytes(fromStride), rows, GROUP / 2, to, out, toStride);
            for (int i = 0; i < GROUP / 2; i++) {
                split(to, out + 4L * i * toStride, out + 4L * (i + GROUP / 2) * toStride, rows);
            }
        }
        ScalarKernels.transpose(format, from, fromAt, fromStride, 0, rows, whole, columns, to, toStride);
    }

    /** Splits ints of two BF16 elements each, at byte {@code early}, into floats there and at {@code late}. */
    private static void split(MemorySegment to, long early, long late, int count) {
        int i = 0;
        for (int end = count - count % LENGTH; i < end; i += LENGTH) {
            IntVector both = IntVector.fromMemorySegment(INTS, to, early + 4L * i, LITTLE_ENDIAN);
            both.lanewise(LSHL, 16).intoMemorySegment(to, early + 4L * i, LITTLE_ENDIAN);
            both.and(HIGH_HALF).intoMemorySegment(to, late + 4L * i, LITTLE_ENDIAN);
        }
        for (; i < count; i++) {
            int both = to.get(INT, early + 4L * i);
            to.set(INT, early + 4L * i, both << 16);
            to.set(INT, late + 4L * i, both & HIGH_HALF);
        }
    }

    /** Transposes rows of ints, {@code row} bytes apart, to columns from byte {@code out}. */
    private static void ints(
            MemorySegment from, long fromAt, long row, int rows, int columns, MemorySegment to, long out,
            int toStride) {
        long toRow = 4L * toStride;
        int wideRows = LENGTH == 16 ? rows - rows % 16 : 0;
        int wideColumns = wideRows == 0 ? 0 : columns - columns % 16;
        for (int r = 0; r < wideRows; r += 16) {
            for (int c = 0; c < wideColumns; c += 16) {
                long at = fromAt + r * row + 4L * c;
                long first = out + c * toRow + 4L * r;
                eightColumns(from, at, at + 8 * row - 32, row, to, first, toRow);
                eightColumns(from, at + 32, at + 8 * row, row, to, first + 8 * toRow, toRow);
            }
        }
        narrow(from, fromAt + 4L * wideColumns, row, wideRows, columns - wideColumns, to, out + wideColumns * toRow,
                toRow);
        narrow(from, fromAt + wideRows * row, row, rows - wideRows, columns, to, out + 4L * wideRows, toRow);
    }

    /**
     * Transposes eight columns of 16 rows, in one method without a branch: C2 allocates vectors that pass from one
     * method to another as objects.
     *
     * @param low byte at which the columns of row 0 begin
     * @param high byte half a vector before the columns of row 8
     */
    private static void eightColumns(
            MemorySegment from, long low, long high, long row, MemorySegment to, long out, long toRow) {
        LongVector h0 = LongVector.fromMemorySegment(EIGHT, from, low, LITTLE_ENDIAN)
                .blend(LongVector.fromMemorySegment(EIGHT, from, high, LITTLE_ENDIAN), LATE_HALF);
        LongVector h1 = LongVector.fromMemorySegment(EIGHT, from, low + row, LITTLE_ENDIAN)
                .blend(LongVector.fromMemorySegment(EIGHT, from, high + row, LITTLE_ENDIAN), LATE_HALF);
        LongVector h2 = LongVector.fromMemorySegment(EIGHT, from, low + 2 * row, LITTLE_ENDIAN)
                .blend(LongVector.fromMemorySegment(EIGHT, from, high + 2 * row, LITTLE_ENDIAN), LATE_HALF);
        LongVector h3 = LongVector.fromMemorySegment(EIGHT, from, low + 3 * row, LITTLE_ENDIAN)
                .blend(LongVector.fromMemorySegment(EIGHT, from, high + 3 * row, LITTLE_ENDIAN), LATE_HALF);
        LongVector h4 = LongVector.fromMemorySegment(EIGHT, from, low + 4 * row, LITTLE_ENDIAN)
                .blend(LongVector.fromMemorySegment(EIGHT, from, high + 4 * row, LITTLE_ENDIAN), LATE_HALF);
        LongVector h5 = LongVector.fromMemorySegment(EIGHT, from, low + 5 * row, LITTLE_ENDIAN)
                .blend(LongVector.fromMemorySegment(EIGHT, from, high + 5 * row, LITTLE_ENDIAN), LATE_HALF);
        LongVector h6 = LongVector.fromMemorySegment(EIGHT, from, low + 6 * row, LITTLE_ENDIAN)
                .blend(LongVector.fromMemorySegment(EIGHT, from, high + 6 * row, LITTLE_ENDIAN), LATE_HALF);
        LongVector h7 = LongVector.fromMemorySegment(EIGHT, from, low + 7 * row, LITTLE_ENDIAN)
                .blend(LongVector.fromMemorySegment(EIGHT, from, high + 7 * row, LITTLE_ENDIAN), LATE_HALF);
        LongVector early0 = h0.blend(h4.rearrange(QUARTERS_UP), LATE_QUARTERS);
        LongVector early1 = h1.blend(h5.rearrange(QUARTERS_UP), LATE_QUARTERS);
        LongVector early2 = h2.blend(h6.rearrange(QUARTERS_UP), LATE_QUARTERS);
        LongVector early3 = h3.blend(h7.rearrange(QUARTERS_UP), LATE_QUARTERS);
        LongVector even0 = early0.blend(early2.rearrange(PAIRS_UP), LATE_PAIRS);
        LongVector odd0 = early1.blend(early3.rearrange(PAIRS_UP), LATE_PAIRS);
        even0.and(LOW).or(odd0.lanewise(LSHL, 32)).intoMemorySegment(to, out, LITTLE_ENDIAN);
        even0.lanewise(LSHR, 32).or(odd0.and(HIGH)).intoMemorySegment(to, out + toRow, LITTLE_ENDIAN);
        LongVector even2 = early0.rearrange(PAIRS_DOWN).blend(early2, LATE_PAIRS);
        LongVector odd2 = early1.rearrange(PAIRS_DOWN).blend(early3, LATE_PAIRS);
        even2.and(LOW).or(odd2.lanewise(LSHL, 32)).intoMemorySegment(to, out + 2 * toRow, LITTLE_ENDIAN);
        even2.lanewise(LSHR, 32).or(odd2.and(HIGH)).intoMemorySegment(to, out + 3 * toRow, LITTLE_ENDIAN);
        LongVector late0 = h0.rearrange(QUARTERS_DOWN).blend(h4, LATE_QUARTERS);
        LongVector late1 = h1.rearrange(QUARTERS_DOWN).blend(h5, LATE_QUARTERS);
        LongVector late2 = h2.rearrange(QUARTERS_DOWN).blend(h6, LATE_QUARTERS);
        LongVector late3 = h3.rearrange(QUARTERS_DOWN).blend(h7, LATE_QUARTERS);
        LongVector even4 = late0.blend(late2.rearrange(PAIRS_UP), LATE_PAIRS);
        LongVector odd4 = late1.blend(late3.rearrange(PAIRS_UP), LATE_PAIRS);
        even4.and(LOW).or(odd4.lanewise(LSHL, 32)).intoMemorySegment(to, out + 4 * toRow, LITTLE_ENDIAN);
        even4.lanewise(LSHR, 32).or(odd4.and(HIGH)).intoMemorySegment(to, out + 5 * toRow, LITTLE_ENDIAN);
        LongVector even6 = late0.rearrange(PAIRS_DOWN).blend(late2, LATE_PAIRS);
        LongVector odd6 = late1.rearrange(PAIRS_DOWN).blend(late3, LATE_PAIRS);
        even6.and(LOW).or(odd6.lanewise(LSHL, 32)).intoMemorySegment(to, out + 6 * toRow, LITTLE_ENDIAN);
        even6.lanewise(LSHR, 32).or(odd6.and(HIGH)).intoMemorySegment(to, out + 7 * toRow, LITTLE_ENDIAN);
    }

    /** Transposes blocks of 4 × 4 and the remaining elements. */
    private static void narrow(
            MemorySegment from, long fromAt, long row, int rows, int columns, MemorySegment to, long out, long toRow) {
        int wholeRows = rows - rows % 4;
        int wholeColumns = columns - columns % 4;
        for (int r = 0; r < wholeRows; r += 4) {
            for (int c = 0; c < wholeColumns; c += 4) {
                fourColumns(from, fromAt + r * row + 4L * c, row, to, out + c * toRow + 4L * r, toRow);
            }
        }
        for (int r = 0; r < rows; r++) {
            for (int c = r < wholeRows ? wholeColumns : 0; c < columns; c++) {
                to.set(INT, out + c * toRow + 4L * r, from.get(INT, fromAt + r * row + 4L * c));
            }
        }
    }

    private static void fourColumns(MemorySegment from, long r0, long row, MemorySegment to, long out, long toRow) {
        long r1 = r0 + row;
        long r2 = r1 + row;
        long r3 = r2 + row;
        LongVector early0 = LongVector.fromMemorySegment(PAIRS, from, r0, LITTLE_ENDIAN);
        LongVector early1 = LongVector.fromMemorySegment(PAIRS, from, r1, LITTLE_ENDIAN);
        LongVector early2 = LongVector.fromMemorySegment(PAIRS, from, r2 - 8, LITTLE_ENDIAN);
        LongVector early3 = LongVector.fromMemorySegment(PAIRS, from, r3 - 8, LITTLE_ENDIAN);
        LongVector late0 = LongVector.fromMemorySegment(PAIRS, from, r0 + 8, LITTLE_ENDIAN);
        LongVector late1 = LongVector.fromMemorySegment(PAIRS, from, r1 + 8, LITTLE_ENDIAN);
        LongVector late2 = LongVector.fromMemorySegment(PAIRS, from, r2, LITTLE_ENDIAN);
        LongVector late3 = LongVector.fromMemorySegment(PAIRS, from, r3, LITTLE_ENDIAN);
        LongVector early02 = early0.bitwiseBlend(early2, SECOND);
        LongVector early13 = early1.bitwiseBlend(early3, SECOND);
        LongVector late02 = late0.bitwiseBlend(late2, SECOND);
        LongVector late13 = late1.bitwiseBlend(late3, SECOND);
        early02.and(LOW).or(early13.lanewise(LSHL, 32)).intoMemorySegment(to, out, LITTLE_ENDIAN);
        early02.lanewise(LSHR, 32).or(early13.and(HIGH)).intoMemorySegment(to, out + toRow, LITTLE_ENDIAN);
        late02.and(LOW).or(late13.lanewise(LSHL, 32)).intoMemorySegment(to, out + 2 * toRow, LITTLE_ENDIAN);
        late02.lanewise(LSHR, 32).or(late13.and(HIGH)).intoMemorySegment(to, out + 3 * toRow, LITTLE_ENDIAN);
    }
}
