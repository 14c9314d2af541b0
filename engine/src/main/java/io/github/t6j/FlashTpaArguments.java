package io.github.t6j;

import java.lang.foreign.MemorySegment;

/**
 * Checks of the arguments of {@link FlashTpaCache}: each throws an IllegalArgumentException that names the argument.
 */
final class FlashTpaArguments {
    private FlashTpaArguments() {}

    static void checkSequence(int sequence, int batch) {
        if (sequence < 0 || sequence >= batch) {
            throw new IllegalArgumentException("sequence: expected 0 to " + (batch - 1) + ", found " + sequence);
        }
    }

    static void checkPosition(int position, int most) {
        if (position < 0 || position > most) {
            throw new IllegalArgumentException("position: expected 0 to " + most + ", found " + position);
        }
    }

    static void checkCounts(int tokens, int[] counts, int batch) {
        if (counts.length != batch) {
            throw new IllegalArgumentException(
                    "counts: expected one per sequence, " + batch + ", found " + counts.length);
        }
        for (int b = 0; b < counts.length; b++) {
            if (counts[b] < 0 || counts[b] > tokens) {
                throw new IllegalArgumentException(
                        "counts[" + b + "]: expected 0 to " + tokens + " (tokens), found " + counts[b]);
            }
        }
    }

    static void checkSize(String what, MemorySegment found, long batch, int tokens, int third, int fourth) {
        long expected = batch * tokens * third * fourth;
        if (found.byteSize() != expected * Float.BYTES) {
            throw new IllegalArgumentException(what + ": expected [" + batch + "][" + tokens + "][" + third + "]["
                    + fourth + "] = " + expected + " elements (" + expected * Float.BYTES + " bytes), found "
                    + found.byteSize() + " bytes");
        }
    }
}
