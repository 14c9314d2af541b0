package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.simd.lanes.Lanes.INTS;
import static io.github.t6j.kernels.simd.lanes.Lanes.LENGTH;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.ADD;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.IntVector;

/** Fastest way to read memory: in order, 64 ints per iteration of a loop that C2 does not unroll. */
final class ReadAll {
    private ReadAll() {}

    /** Implements {@link io.github.t6j.kernels.scalar.ScalarKernels#readAll}. */
    static int sum(MemorySegment data, long at, long count, int loopStep) {
        IntVector a = IntVector.zero(INTS);
        IntVector b = a;
        IntVector c = a;
        IntVector d = a;
        int blocks = (int) (count / (4 * LENGTH));
        long blockBytes = 4L * LENGTH * Integer.BYTES;
        for (int i = 0; i < blocks; i += loopStep) {
            long from = at + i * blockBytes;
            a = a.add(IntVector.fromMemorySegment(INTS, data, from, LITTLE_ENDIAN));
            b = b.add(IntVector.fromMemorySegment(INTS, data, from + 4 * LENGTH, LITTLE_ENDIAN));
            c = c.add(IntVector.fromMemorySegment(INTS, data, from + 8 * LENGTH, LITTLE_ENDIAN));
            d = d.add(IntVector.fromMemorySegment(INTS, data, from + 12 * LENGTH, LITTLE_ENDIAN));
        }
        return a.add(b).add(c.add(d)).reduceLanes(ADD);
    }
}
