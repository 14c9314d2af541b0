package io.github.t6j.weights;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Blocks of 32 elements with a common scale, as GGML defines them.
 *
 * <pre>
 *   Q8_0, 34 bytes   scale f16 | q0 q1 … q31, a signed byte each                  number i = scale · qi
 *   Q4_0, 18 bytes   scale f16 | q0,q16 q1,q17 … q15,q31, the first in the low    number i = scale · (qi − 8)
 *                                half of a byte, the second in the high half
 *   IQ4_NL, 18 bytes like Q4_0, but with indices into 16 integers            number i = scale · table[qi]
 * </pre>
 *
 * Q8_0's scale maps the largest magnitude to ±127; Q4_0's maps the element of largest magnitude, with its sign, to −8.
 * Elements are divided by the scale before the scale is rounded to f16, and rounded with halves away from zero (Q4_0:
 * up).
 */
public final class QuantizedBlock {
    /** Number of elements of a block. */
    public static final int SIZE = 32;

    /** Number of bytes before the elements. */
    public static final int SCALE_BYTES = Short.BYTES;

    /** Most blocks that are copied at a time. */
    private static final long PIECE = 256;

    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

    /** Integers of IQ4_NL. */
    private static final byte[] TABLE = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

    private QuantizedBlock() {}

    /** Returns rows of IQ4_NL as Q8_0: its integers are those of the table, so that no number changes. */
    public static Tensor unpacked(Tensor rows, Arena memory) {
        MemorySegment to = memory.allocate(DType.Q8_0.bytes(rows.shape()), 64);
        long blocks = rows.data().byteSize() / DType.IQ4_NL.bytes();
        byte[] from = new byte[DType.IQ4_NL.bytes()];
        byte[] block = new byte[DType.Q8_0.bytes()];
        for (long b = 0; b < blocks; b++) {
            MemorySegment.copy(rows.data(), BYTE, b * from.length, from, 0, from.length);
            System.arraycopy(from, 0, block, 0, SCALE_BYTES);
            for (int i = 0; i < SIZE; i++) {
                block[SCALE_BYTES + i] = TABLE[from[SCALE_BYTES + i % 16] >>> i / 16 * 4 & 15];
            }
            MemorySegment.copy(block, 0, to, BYTE, b * block.length, block.length);
        }
        return new Tensor(rows.name(), DType.Q8_0, rows.shape(), to);
    }

    /** Returns the scale of the block at byte {@code block}, as the bits of an f16. */
    public static short scale(MemorySegment data, long block) {
        return data.get(SHORT, block);
    }

    /** Returns the integer of element {@code i} of the block at byte {@code block}: −128 to 127, for Q4_0 −8 to 7. */
    public static int quant(DType dtype, MemorySegment data, long block, int i) {
        return dtype == DType.Q8_0
                ? data.get(BYTE, block + SCALE_BYTES + i)
                : (data.get(BYTE, block + SCALE_BYTES + i % 16) >>> i / 16 * 4 & 15) - 8;
    }

    /** Reads in pieces, each by one bulk copy: single loads are slow until the JIT compiles them. */
    static void read(DType dtype, MemorySegment data, long from, float[] into, int at, int count) {
        int size = dtype.bytes();
        byte[] blocks = new byte[(int) Math.min(PIECE, Math.ceilDiv(count, SIZE) + 1L) * size];
        for (int done = 0; done < count;) {
            long first = (from + done) / SIZE;
            int inBlock = (int) ((from + done) % SIZE);
            int n = Math.min(count - done, blocks.length / size * SIZE - inBlock);
            MemorySegment.copy(data, BYTE, first * size, blocks, 0, Math.ceilDiv(inBlock + n, SIZE) * size);
            for (int i = inBlock; i < inBlock + n;) {
                int end = Math.min(inBlock + n, (i / SIZE + 1) * SIZE);
                read(dtype, blocks, i / SIZE * size, i % SIZE, into, at + done + i - inBlock, end - i);
                i = end;
            }
            done += n;
        }
    }

    /** Reads elements {@code first … first + count} of the block at {@code block}. */
    private static void read(DType dtype, byte[] blocks, int block, int first, float[] into, int at, int count) {
        float scale = Float.float16ToFloat((short) (blocks[block] & 0xff | blocks[block + 1] << 8));
        int elements = block + SCALE_BYTES;
        if (dtype == DType.Q8_0) {
            for (int i = 0; i < count; i++) {
                into[at + i] = scale * blocks[elements + first + i];
            }
            return;
        }
        for (int i = 0; i < count; i++) {
            int place = first + i;
            int stored = blocks[elements + place % 16] >>> place / 16 * 4 & 15;
            into[at + i] = scale * (dtype == DType.IQ4_NL ? TABLE[stored] : stored - 8);
        }
    }

    static void write(DType dtype, float[] from, int at, MemorySegment data, long to, int count) {
        float[] elements = new float[SIZE];
        for (int done = 0; done < count; done += SIZE) {
            int n = Math.min(SIZE, count - done);
            System.arraycopy(from, at + done, elements, 0, n);
            Arrays.fill(elements, n, SIZE, 0f);
            long block = (to + done) / SIZE * dtype.bytes();
            float largest = largest(elements);
            float scale = dtype == DType.Q8_0 ? Math.abs(largest) / 127 : largest / -8;
            float inverse = scale == 0 ? 0 : 1 / scale;
            data.set(SHORT, block, Float.floatToFloat16(scale));
            if (dtype == DType.Q8_0) {
                writeBytes(elements, inverse, data, block + SCALE_BYTES);
            } else {
                writeNibbles(elements, inverse, data, block + SCALE_BYTES);
            }
        }
    }

    /** Returns the element of the largest magnitude, the first if several have it; NaN if any element is NaN. */
    private static float largest(float[] elements) {
        float largest = 0;
        for (float number : elements) {
            largest = Math.abs(number) > Math.abs(largest) || Float.isNaN(number) ? number : largest;
        }
        return largest;
    }

    private static void writeBytes(float[] elements, float inverse, MemorySegment data, long at) {
        for (int i = 0; i < SIZE; i++) {
            double x = elements[i] * inverse;
            data.set(BYTE, at + i, (byte) (int) (x + Math.copySign(0.5, x)));
        }
    }

    private static void writeNibbles(float[] elements, float inverse, MemorySegment data, long at) {
        for (int i = 0; i < SIZE / 2; i++) {
            data.set(BYTE, at + i, (byte) (nibble(elements[i] * inverse) | nibble(elements[i + 16] * inverse) << 4));
        }
    }

    private static int nibble(float x) {
        return Math.clamp((int) (x + 8.5f), 0, 15);
    }
}
