package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.Kernels.PANEL;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import io.github.t6j.kernels.ScalarKernels;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * A page's columns to rows, by 4 × 4 blocks in 128-bit vectors whatever the machine has: 5 µs for 256 columns, where
 * single floats take 10 to 13.
 *
 * <p>A long is two floats of a column, as vectors of floats must have one width in all kernels: else C2 compiles the
 * products of some JVMs with their checks inside the loop, at two thirds of the speed (ADR 28). It compiles no shuffles
 * of two longs, so halves are swapped by where they are loaded.
 *
 * <pre>
 *   column c       t+0 t+1 | t+2 t+3       early of c and c+2    c:t+0 c:t+1 | c+2:t+0 c+2:t+1
 *   column c+2     t+0 t+1 | t+2 t+3       late  of c and c+2    c:t+2 c:t+3 | c+2:t+2 c+2:t+3
 * </pre>
 */
final class Transpose {
    private static final VectorSpecies<Long> PAIRS = LongVector.SPECIES_128;
    private static final LongVector SECOND = LongVector.zero(PAIRS).withLane(1, -1);
    private static final long LOW = 0xFFFFFFFFL;
    private static final long HIGH = ~LOW;

    private Transpose() {}

    /** {@link io.github.t6j.kernels.Kernels#transpose}. */
    static void columns(MemorySegment from, long fromAt, int count, MemorySegment to, int toStride) {
        long column = 4L * PANEL;
        long row = 4L * toStride;
        int whole = count - count % 4;
        for (int c = 0; c < whole; c += 4) {
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
