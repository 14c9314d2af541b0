package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.simd.lanes.Lanes.FLOATS;
import static io.github.t6j.kernels.simd.lanes.Lanes.LENGTH;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;

/** Addition of an outer product to the state of linear attention; lanes are columns. */
final class OuterProduct {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN);

    private OuterProduct() {}

    /** Implements {@link io.github.t6j.kernels.Kernels#addOuter}. */
    static void add(float[] k, int rows, float[] v, int columns, MemorySegment from, MemorySegment to, long at) {
        int whole = columns - columns % LENGTH;
        for (int i = 0; i < rows; i++) {
            FloatVector factor = FloatVector.broadcast(FLOATS, k[i]);
            for (int j = 0; j < whole; j += LENGTH) {
                long number = at + 4L * j;
                factor.fma(FloatVector.fromArray(FLOATS, v, j),
                        FloatVector.fromMemorySegment(FLOATS, from, number, LITTLE_ENDIAN))
                        .intoMemorySegment(to, number, LITTLE_ENDIAN);
            }
            // A whole vector would overwrite the next row or another thread's matrix, which begins right after.
            for (int j = whole; j < columns; j++) {
                long number = at + 4L * j;
                to.set(FLOAT, number, Math.fma(k[i], v[j], from.get(FLOAT, number)));
            }
            at += 4L * columns;
        }
    }
}
