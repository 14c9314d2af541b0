package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.simd.Lanes.I;
import static io.github.t6j.kernels.simd.Lanes.L;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.ADD;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.IntVector;

/** Reading memory as fast as it goes: in order, 64 ints an iteration of a loop that C2 does not unroll. */
final class ReadAll {
    private ReadAll() {}

    /** {@link io.github.t6j.kernels.Kernels#readAll}. */
    static int sum(MemorySegment data, long at, long count, int one) {
        IntVector a = IntVector.zero(I);
        IntVector b = a;
        IntVector c = a;
        IntVector d = a;
        int blocks = (int) (count / (4 * L));
        long blockBytes = 4L * L * Integer.BYTES;
        for (int i = 0; i < blocks; i += one) {
            long from = at + i * blockBytes;
            a = a.add(IntVector.fromMemorySegment(I, data, from, LITTLE_ENDIAN));
            b = b.add(IntVector.fromMemorySegment(I, data, from + 4 * L, LITTLE_ENDIAN));
            c = c.add(IntVector.fromMemorySegment(I, data, from + 8 * L, LITTLE_ENDIAN));
            d = d.add(IntVector.fromMemorySegment(I, data, from + 12 * L, LITTLE_ENDIAN));
        }
        return a.add(b).add(c.add(d)).reduceLanes(ADD);
    }
}
