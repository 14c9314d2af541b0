package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.Kernels.PANEL;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import io.github.t6j.kernels.ScalarKernels;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * A page's columns to rows. With vectors of 512 bits 16 columns of eight tokens at a time, halves, quarters and pairs of which
 * change places; else, and for columns that are left, 4 × 4 blocks in 128-bit vectors (ADR 10).
 *
 * <p>A long is two floats of a column, as vectors of floats must have one width in all kernels: else C2 compiles the
 * products of some JVMs with their checks inside the loop, at two thirds of the speed (ADR 28). It compiles no shuffles
 * of two longs, so the halves of small blocks are swapped by where they are loaded.
 *
 * <pre>
 *   column c       t+0 t+1 | t+2 t+3       early of c and c+2    c:t+0 c:t+1 | c+2:t+0 c+2:t+1
 *   column c+2     t+0 t+1 | t+2 t+3       late  of c and c+2    c:t+2 c:t+3 | c+2:t+2 c+2:t+3
 * </pre>
 */
final class Transpose {
    private static final long COLUMN = 4L * PANEL; // bytes
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

    /** {@link io.github.t6j.kernels.Kernels#transpose}. */
    static void columns(MemorySegment from, long fromAt, int count, MemorySegment to, int toStride) {
        int wide = Lanes.LENGTH == 16 ? count - count % 16 : 0;
        for (int c = 0; c < wide; c += 16) {
            for (int t = 0; t < PANEL; t += 16) {
                long at = fromAt + 4L * (c * PANEL + t);
                long out = 4L * (t * toStride + c);
                eightTokens(from, at, at + 8 * COLUMN - 32, to, out, 4L * toStride);
                eightTokens(from, at + 32, at + 8 * COLUMN, to, out + 32L * toStride, 4L * toStride);
            }
        }
        narrow(from, fromAt, wide, count, to, toStride);
    }

    /**
     * 16 columns of eight tokens to rows. All in one method: C2 makes objects of vectors that go from one to another.
     *
     * @param low where these of column 0 begin
     * @param high a half vector before those of column 8
     */
    private static void eightTokens(MemorySegment from, long low, long high, MemorySegment to, long out, long row) {
        LongVector h0 = LongVector.fromMemorySegment(EIGHT, from, low, LITTLE_ENDIAN)
                .blend(LongVector.fromMemorySegment(EIGHT, from, high, LITTLE_ENDIAN), LATE_HALF);
        LongVector h1 = LongVector.fromMemorySegment(EIGHT, from, low + COLUMN, LITTLE_ENDIAN)
                .blend(LongVector.fromMemorySegment(EIGHT, from, high + COLUMN, LITTLE_ENDIAN), LATE_HALF);
        LongVector h2 = LongVector.fromMemorySegment(EIGHT, from, low + 2 * COLUMN, LITTLE_ENDIAN)
                .blend(LongVector.fromMemorySegment(EIGHT, from, high + 2 * COLUMN, LITTLE_ENDIAN), LATE_HALF);
        LongVector h3 = LongVector.fromMemorySegment(EIGHT, from, low + 3 * COLUMN, LITTLE_ENDIAN)
                .blend(LongVector.fromMemorySegment(EIGHT, from, high + 3 * COLUMN, LITTLE_ENDIAN), LATE_HALF);
        LongVector h4 = LongVector.fromMemorySegment(EIGHT, from, low + 4 * COLUMN, LITTLE_ENDIAN)
                .blend(LongVector.fromMemorySegment(EIGHT, from, high + 4 * COLUMN, LITTLE_ENDIAN), LATE_HALF);
        LongVector h5 = LongVector.fromMemorySegment(EIGHT, from, low + 5 * COLUMN, LITTLE_ENDIAN)
                .blend(LongVector.fromMemorySegment(EIGHT, from, high + 5 * COLUMN, LITTLE_ENDIAN), LATE_HALF);
        LongVector h6 = LongVector.fromMemorySegment(EIGHT, from, low + 6 * COLUMN, LITTLE_ENDIAN)
                .blend(LongVector.fromMemorySegment(EIGHT, from, high + 6 * COLUMN, LITTLE_ENDIAN), LATE_HALF);
        LongVector h7 = LongVector.fromMemorySegment(EIGHT, from, low + 7 * COLUMN, LITTLE_ENDIAN)
                .blend(LongVector.fromMemorySegment(EIGHT, from, high + 7 * COLUMN, LITTLE_ENDIAN), LATE_HALF);
        LongVector early0 = h0.blend(h4.rearrange(QUARTERS_UP), LATE_QUARTERS);
        LongVector early1 = h1.blend(h5.rearrange(QUARTERS_UP), LATE_QUARTERS);
        LongVector early2 = h2.blend(h6.rearrange(QUARTERS_UP), LATE_QUARTERS);
        LongVector early3 = h3.blend(h7.rearrange(QUARTERS_UP), LATE_QUARTERS);
        LongVector even0 = early0.blend(early2.rearrange(PAIRS_UP), LATE_PAIRS);
        LongVector odd0 = early1.blend(early3.rearrange(PAIRS_UP), LATE_PAIRS);
        even0.and(LOW).or(odd0.lanewise(LSHL, 32)).intoMemorySegment(to, out, LITTLE_ENDIAN);
        even0.lanewise(LSHR, 32).or(odd0.and(HIGH)).intoMemorySegment(to, out + row, LITTLE_ENDIAN);
        LongVector even2 = early0.rearrange(PAIRS_DOWN).blend(early2, LATE_PAIRS);
        LongVector odd2 = early1.rearrange(PAIRS_DOWN).blend(early3, LATE_PAIRS);
        even2.and(LOW).or(odd2.lanewise(LSHL, 32)).intoMemorySegment(to, out + 2 * row, LITTLE_ENDIAN);
        even2.lanewise(LSHR, 32).or(odd2.and(HIGH)).intoMemorySegment(to, out + 3 * row, LITTLE_ENDIAN);
        LongVector late0 = h0.rearrange(QUARTERS_DOWN).blend(h4, LATE_QUARTERS);
        LongVector late1 = h1.rearrange(QUARTERS_DOWN).blend(h5, LATE_QUARTERS);
        LongVector late2 = h2.rearrange(QUARTERS_DOWN).blend(h6, LATE_QUARTERS);
        LongVector late3 = h3.rearrange(QUARTERS_DOWN).blend(h7, LATE_QUARTERS);
        LongVector even4 = late0.blend(late2.rearrange(PAIRS_UP), LATE_PAIRS);
        LongVector odd4 = late1.blend(late3.rearrange(PAIRS_UP), LATE_PAIRS);
        even4.and(LOW).or(odd4.lanewise(LSHL, 32)).intoMemorySegment(to, out + 4 * row, LITTLE_ENDIAN);
        even4.lanewise(LSHR, 32).or(odd4.and(HIGH)).intoMemorySegment(to, out + 5 * row, LITTLE_ENDIAN);
        LongVector even6 = late0.rearrange(PAIRS_DOWN).blend(late2, LATE_PAIRS);
        LongVector odd6 = late1.rearrange(PAIRS_DOWN).blend(late3, LATE_PAIRS);
        even6.and(LOW).or(odd6.lanewise(LSHL, 32)).intoMemorySegment(to, out + 6 * row, LITTLE_ENDIAN);
        even6.lanewise(LSHR, 32).or(odd6.and(HIGH)).intoMemorySegment(to, out + 7 * row, LITTLE_ENDIAN);
    }

    /** Columns from {@code first} on. */
    private static void narrow(
            MemorySegment from, long fromAt, int first, int count, MemorySegment to, int toStride) {
        long column = COLUMN;
        long row = 4L * toStride;
        int whole = count - count % 4;
        for (int c = first; c < whole; c += 4) {
            for (int t = 0; t < PANEL; t += 4) {
                long c0 = fromAt + c * column + 4L * t;
                long c1 = c0 + column;
                long c2 = c1 + column;
                long c3 = c2 + column;
                LongVector early0 = LongVector.fromMemorySegment(PAIRS, from, c0, LITTLE_ENDIAN);
                LongVector early1 = LongVector.fromMemorySegment(PAIRS, from, c1, LITTLE_ENDIAN);
                LongVector early2 = LongVector.fromMemorySegment(PAIRS, from, c2 - 8, LITTLE_ENDIAN);
                LongVector early3 = LongVector.fromMemorySegment(PAIRS, from, c3 - 8, LITTLE_ENDIAN);
                LongVector late0 = LongVector.fromMemorySegment(PAIRS, from, c0 + 8, LITTLE_ENDIAN);
                LongVector late1 = LongVector.fromMemorySegment(PAIRS, from, c1 + 8, LITTLE_ENDIAN);
                LongVector late2 = LongVector.fromMemorySegment(PAIRS, from, c2, LITTLE_ENDIAN);
                LongVector late3 = LongVector.fromMemorySegment(PAIRS, from, c3, LITTLE_ENDIAN);
                LongVector early02 = early0.bitwiseBlend(early2, SECOND);
                LongVector early13 = early1.bitwiseBlend(early3, SECOND);
                LongVector late02 = late0.bitwiseBlend(late2, SECOND);
                LongVector late13 = late1.bitwiseBlend(late3, SECOND);
                long out = t * row + 4L * c;
                early02.and(LOW).or(early13.lanewise(LSHL, 32)).intoMemorySegment(to, out, LITTLE_ENDIAN);
                early02.lanewise(LSHR, 32).or(early13.and(HIGH)).intoMemorySegment(to, out + row, LITTLE_ENDIAN);
                late02.and(LOW).or(late13.lanewise(LSHL, 32)).intoMemorySegment(to, out + 2 * row, LITTLE_ENDIAN);
                late02.lanewise(LSHR, 32).or(late13.and(HIGH)).intoMemorySegment(to, out + 3 * row, LITTLE_ENDIAN);
            }
        }
        ScalarKernels.transposeTail(from, fromAt, whole, count, to, toStride);
    }
}
