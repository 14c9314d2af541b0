package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.simd.lanes.Lanes.INTS;
import static io.github.t6j.kernels.simd.lanes.Lanes.LENGTH;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.ADD;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.IntVector;

/** Fastest way to read memory: in order, in eight sums, in a loop that C2 does not unroll. */
final class ReadAll {
    /** Number of ints that {@link #sum} reads in an iteration, at most. */
    private static final int STEP = 128;

    private ReadAll() {}

    /** Returns the number of ints in {@code bytes}, without those that fill no iteration of {@link #sum}. */
    static long whole(long bytes) {
        return bytes / Integer.BYTES / STEP * STEP;
    }

    /** Implements {@link io.github.t6j.kernels.scalar.ScalarKernels#readAll}. */
    static int sum(MemorySegment data, long at, long count, int loopStep) {
        IntVector a = IntVector.zero(INTS);
        IntVector b = a;
        IntVector c = a;
        IntVector d = a;
        IntVector e = a;
        IntVector f = a;
        IntVector g = a;
        IntVector h = a;
        int blocks = (int) (count / (8 * LENGTH));
        long vectorBytes = LENGTH * Integer.BYTES;
        for (int i = 0; i < blocks; i += loopStep) { // with four sums, two threads read a tenth less
            long from = at + i * 8 * vectorBytes;
            a = a.add(IntVector.fromMemorySegment(INTS, data, from, LITTLE_ENDIAN));
            b = b.add(IntVector.fromMemorySegment(INTS, data, from + vectorBytes, LITTLE_ENDIAN));
            c = c.add(IntVector.fromMemorySegment(INTS, data, from + 2 * vectorBytes, LITTLE_ENDIAN));
            d = d.add(IntVector.fromMemorySegment(INTS, data, from + 3 * vectorBytes, LITTLE_ENDIAN));
            e = e.add(IntVector.fromMemorySegment(INTS, data, from + 4 * vectorBytes, LITTLE_ENDIAN));
            f = f.add(IntVector.fromMemorySegment(INTS, data, from + 5 * vectorBytes, LITTLE_ENDIAN));
            g = g.add(IntVector.fromMemorySegment(INTS, data, from + 6 * vectorBytes, LITTLE_ENDIAN));
            h = h.add(IntVector.fromMemorySegment(INTS, data, from + 7 * vectorBytes, LITTLE_ENDIAN));
        }
        return a.add(b).add(c.add(d)).add(e.add(f).add(g.add(h))).reduceLanes(ADD);
    }
}
