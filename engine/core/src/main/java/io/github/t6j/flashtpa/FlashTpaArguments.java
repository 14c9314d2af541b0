package io.github.t6j.flashtpa;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * Checks of the arguments of {@link FlashTpaCache}: each throws an IllegalArgumentException that names the argument.
 */
final class FlashTpaArguments {
    private FlashTpaArguments() {}

    static void checkIndex(String what, int found, int max) {
        if (found < 0 || found > max) {
            throw new IllegalArgumentException(what + ": expected 0 to " + max + ", found " + found);
        }
    }

    static void checkCounts(String what, int max, int[] counts, int batch) {
        Objects.requireNonNull(counts, "counts");
        if (counts.length != batch) {
            throw new IllegalArgumentException(
                    "counts: expected one per sequence, " + batch + ", found " + counts.length);
        }
        for (int b = 0; b < counts.length; b++) {
            if (counts[b] < 0 || counts[b] > max) {
                throw new IllegalArgumentException(
                        "counts[" + b + "]: expected 0 to " + max + " (" + what + "), found " + counts[b]);
            }
        }
    }

    /** A read-only segment hides its array, but its alignment still reveals elements of eight bytes. */
    static void checkElements(String what, MemorySegment found) {
        Objects.requireNonNull(found, what);
        Object array = found.heapBase().orElse(null);
        boolean wide = !found.isNative() && array == null && found.maxByteAlignment() > Float.BYTES;
        if (wide || array != null && !(array instanceof float[] || array instanceof byte[])) {
            throw new IllegalArgumentException(
                    what + ": expected off-heap memory or a segment of a float[] or byte[] that"
                            + " holds f32 elements, found one of a "
                            + (wide ? "read-only long[] or double[]" : array.getClass().getSimpleName())
                            + ": copy its elements to a float[]");
        }
    }

    static void checkSize(String what, MemorySegment found, long batch, int tokens, int rows, int columns) {
        long expected = batch * tokens * rows * columns;
        if (found.byteSize() != expected * Float.BYTES) {
            throw new IllegalArgumentException(what + ": expected [" + batch + "][" + tokens + "][" + rows + "]["
                    + columns + "] = " + expected + " elements (" + expected * Float.BYTES + " bytes), found "
                    + found.byteSize() + " bytes");
        }
    }
}
