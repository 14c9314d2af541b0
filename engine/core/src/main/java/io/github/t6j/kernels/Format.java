package io.github.t6j.kernels;

import io.github.t6j.weights.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Storage format of a row of elements that kernels read: a panel's weights of one input, the tokens of a page in one
 * column, the elements of a token in a row. 16-bit and 8-bit elements share ints, so that shifts and masks turn a
 * vector of ints into vectors of floats with consecutive elements, with 4, 8 or 16 lanes.
 *
 * <pre>
 *   F32   byte   0   4   8  …          number 0 1 2 …
 *   F16   byte   0   2   4  …          number 0 1 2 …
 *   BF16  byte   0   2   4   6  …  60  62 | 64 …
 *         number 0  16   1  17  …  15  31 | 32 48 33 49 …      groups of 32 elements, 64 bytes
 *   Q8    byte   0   1   2   3   4   5  …  60  61  62  63 | 64 …
 *         number 0  16  32  48   1  17  …  15  31  47  63 | 64 …      groups of 64 elements, 64 bytes
 * </pre>
 *
 * A Q8 element is an integer from −127 to 127, stored as a byte with 128 added; the caller stores its scale elsewhere.
 * No kernel reads F16, because the JDK has no vector cast for it: F16 rows are widened to F32 first.
 */
public enum Format {
    F32(4, 1), F16(2, 1), BF16(2, 32), Q8(1, 64);

    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int ZERO = 128; // the byte of 0 in Q8

    private final int elementBytes;
    private final int group;

    Format(int elementBytes, int group) {
        this.elementBytes = elementBytes;
        this.group = group;
    }

    /** Returns {@code elements} rounded up to whole groups, which is the length of a row. */
    public int padded(int elements) {
        return (elements + group - 1) / group * group;
    }

    /** Returns the number of bytes that {@code elements}, a whole number of groups, take. */
    public long bytes(long elements) {
        return elements * elementBytes;
    }

    /** Returns the position of element {@code i} in a row, counted in elements. */
    public int slot(int i) {
        return switch (this) {
            case F32, F16 -> i;
            case BF16 -> slotOfBf16(i);
            case Q8 -> (i & ~63) | (i & 15) << 2 | (i >>> 4 & 3);
        };
    }

    private static int slotOfBf16(int i) {
        return (i & ~31) | (i & 15) << 1 | (i >>> 4 & 1);
    }

    /** Returns element {@code i} of the row at byte {@code row}. */
    public float get(MemorySegment data, long row, int i) {
        long at = row + bytes(slot(i));
        return switch (this) {
            case F32 -> data.get(FLOAT, at);
            case F16 -> Float.float16ToFloat(data.get(SHORT, at));
            case BF16 -> DType.bf16ToFloat(data.get(SHORT, at));
            case Q8 -> (data.get(ValueLayout.JAVA_BYTE, at) & 0xff) - ZERO;
        };
    }

    /**
     * Reads the first {@code count} elements of the row at byte {@code row}, in one copy: single loads are slow until
     * compiled.
     */
    public void read(MemorySegment data, long row, int count, float[] into) {
        switch (this) {
            case F32 -> MemorySegment.copy(data, FLOAT, row, into, 0, count);
            case BF16 -> {
                short[] stored = new short[padded(count)];
                MemorySegment.copy(data, SHORT, row, stored, 0, stored.length);
                for (int i = 0; i < count; i++) {
                    into[i] = DType.bf16ToFloat(stored[slotOfBf16(i)]);
                }
            }
            case F16, Q8 -> {
                for (int i = 0; i < count; i++) {
                    into[i] = get(data, row, i);
                }
            }
        }
    }

    /** Stores element {@code i} of the row at byte {@code row}, rounded to nearest even. */
    public void set(MemorySegment data, long row, int i, float value) {
        long at = row + bytes(slot(i));
        switch (this) {
            case F32 -> data.set(FLOAT, at, value);
            case F16 -> data.set(SHORT, at, Float.floatToFloat16(value));
            case BF16 -> data.set(SHORT, at, DType.floatToBf16(value));
            case Q8 -> data.set(ValueLayout.JAVA_BYTE, at, (byte) ((int) Math.rint(value) + ZERO));
        }
    }
}
