package io.github.t6j.weights;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Blocks of the GGML types that appear only in GGUF files. A block of 256 elements consists of parts with whole numbers
 * as scales, and those have a common scale.
 *
 * <pre>
 *   Q4_1   20 bytes   scale f16, least f16 | 32 nibbles                             element = scale · q + least
 *   Q5_0   22         scale f16 | 32 high bits | 32 nibbles                         element = scale · (q − 16)
 *   Q4_1   20 bytes   scale f16, min f16 | 32 nibbles                               element = scale · q + min
 *   Q4_K  144         scale f16, least f16 | 8 × (s, m) | 256 nibbles               element = scale·s · q − least·m
 *   Q5_1   24         scale f16, min f16 | 32 high bits | 32 nibbles                element = scale · q + min
 *   Q4_K  144         scale f16, min f16 | 8 × (s, m) | 256 nibbles                 element = scale·s · q − min·m
 *   Q5_K  176         scale f16, min f16 | 8 × (s, m) | 256 high bits | nibbles     the same
 *
 * In bytes of nibbles, the low halves are consecutive elements: 16 in a block of 32, 64 in Q6_K, 32 in the others. The
 * high halves are the next elements, of the same number.
 */
final class GgmlBlocks {
    /** Number of elements converted at a time: whole blocks of every type. */
    private static final int STEP = 4096;

    private GgmlBlocks() {}

    /** Converts {@code tensor} to Q8_0 in {@code memory}. */
    static Tensor toQ8(Tensor tensor, Arena memory) {
        DType to = tensor.dtype().loaded();
        MemorySegment data = memory.allocate(to.bytes(tensor.shape()), 64);
        float[] elements = new float[STEP];
        long count = tensor.elementCount(); // rows are whole blocks
        for (long from = 0; from < count; from += STEP) {
            int n = (int) Math.min(STEP, count - from);
            read(tensor.dtype(), tensor.data(), from, elements, 0, n);
            to.write(elements, 0, data, from, n);
        }
        return new Tensor(tensor.name(), to, tensor.shape(), data.asReadOnly());
    }

    /** Reads elements as {@link DType#read} does. */
    static void read(DType dtype, MemorySegment data, long from, float[] into, int at, int count) {
        int size = dtype.blockSize();
        byte[] block = new byte[dtype.bytes()];
        float[] elements = new float[size];
        for (int done = 0; done < count;) {
            long place = from + done;
            int first = (int) (place % size);
            int n = Math.min(size - first, count - done);
            MemorySegment.copy(data, ValueLayout.JAVA_BYTE, place / size * block.length, block, 0, block.length);
            decode(dtype, block, elements);
            System.arraycopy(elements, first, into, at + done, n);
            done += n;
        }
    }

    private static void decode(DType dtype, byte[] block, float[] y) {
        switch (dtype) {
            case Q4_1 -> small(block, half(block, 2), 0, 0, 4, y);
            case Q5_0 -> small(block, 0f, 16, 2, 6, y);
            case Q5_1 -> small(block, half(block, 2), 0, 4, 8, y);
            case Q4_K -> large(block, 0, 16, y);
            case Q5_K -> large(block, 16, 48, y);
            case Q6_K -> large6(block, y);
            default -> throw new AssertionError(dtype);
        }
    }

    private static float half(byte[] block, int at) {
        return Float.float16ToFloat((short) (block[at] & 0xff | block[at + 1] << 8));
    }

    /** @param high first byte of the high bits, or 0 if the type has none */
    private static void small(byte[] block, float least, int zero, int high, int nibbles, float[] y) {
        float scale = half(block, 0);
        for (int i = 0; i < 16; i++) {
            int low = high == 0 ? 0 : bit(block, high, i) << 4;
            int next = high == 0 ? 0 : bit(block, high, i + 16) << 4;
            y[i] = scale * ((block[nibbles + i] & 15 | low) - zero) + least;
            y[i + 16] = scale * ((block[nibbles + i] >>> 4 & 15 | next) - zero) + least;
        }
    }

    private static int bit(byte[] block, int from, int i) {
        return block[from + i / 8] >>> i % 8 & 1;
    }

    /**
     * @param high first byte of the high bits, or 0 if the type has none; bit p of byte i belongs to element i of part
     *     p
     */
    private static void large(byte[] block, int high, int nibbles, float[] y) {
        float scale = half(block, 0);
        float least = half(block, 2);
        for (int part = 0; part < 8; part++) {
            float partScale = scale * partNumber(block, part, 4);
            float partLeast = least * partNumber(block, part, 8);
            int at = nibbles + part / 2 * 32;
            for (int i = 0; i < 32; i++) {
                int bit = high == 0 ? 0 : (block[high + i] >>> part & 1) << 4;
                y[part * 32 + i] = partScale * (block[at + i] >>> part % 2 * 4 & 15 | bit) - partLeast;
            }
        }
    }

    /**
     * Returns a six-bit number from the twelve bytes that start at byte 4. Parts 0 to 3 have it in the low bits of a
     * byte. Parts 4 to 7 have its low bits in a nibble of the last four bytes, and its high bits in the top two bits of
     * the other bytes.
     *
     * @param from 4 for scales, 8 for minimums
     */
    private static int partNumber(byte[] block, int part, int from) {
        if (part < 4) {
            return block[from + part] & 63;
        }
        return block[12 + part - 4] >>> from - 4 & 15 | (block[from + part - 4] & 0xc0) >>> 2;
    }

    private static void large6(byte[] block, float[] y) {
        float scale = half(block, 208);
        for (int part = 0; part < 16; part++) {
            float partScale = scale * block[192 + part];
            int group = part % 8 / 2; // of 32 elements, in a half of the block
            int nibbles = part / 8 * 64 + group % 2 * 32 + part % 2 * 16;
            int high = 128 + part / 8 * 32 + part % 2 * 16;
            for (int i = 0; i < 16; i++) {
                int q = block[nibbles + i] >>> group / 2 * 4 & 15 | (block[high + i] >>> group * 2 & 3) << 4;
                y[part * 16 + i] = partScale * (q - 32);
            }
        }
    }
}
