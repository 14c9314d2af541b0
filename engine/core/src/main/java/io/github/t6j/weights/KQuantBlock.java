package io.github.t6j.weights;

import java.util.Arrays;

/**
 * Content of one block of a K-quant, or of GGML's older types of 4 and 5 bits. It translates between the block's bytes
 * and its integers. A K-quant's block of 256 elements consists of parts of 32 (Q6_K: 16) elements; their scales and
 * mins are integers s and m, and these have a common scale and min.
 *
 * <pre>
 *   Q4_1   20 bytes   scale f16, min f16 | 32 nibbles                               element = scale · q + min
 *   Q5_0   22         scale f16 | 32 high bits | 32 nibbles                         element = scale · (q − 16)
 *   Q5_1   24         scale f16, min f16 | 32 high bits | 32 nibbles                element = scale · q + min
 *   Q4_K  144         scale f16, min f16 | 8 × (s, m) | 256 nibbles                 element = scale·s · q − min·m
 *   Q5_K  176         scale f16, min f16 | 8 × (s, m) | 256 high bits | nibbles     the same
 *   Q6_K  210         256 nibbles | 256 × 2 high bits | 16 × s | scale f16          element = scale·s · (q − 32)
 * </pre>
 *
 * In bytes of nibbles, the low halves are consecutive elements: 16 in a block of 32, 64 in Q6_K, 32 in the others. The
 * high halves are the next elements, of the same number.
 */
public final class KQuantBlock {
    /** Number of elements in the block of a K-quant. */
    public static final int SIZE = 256;

    private final DType dtype;

    /** Integers q, from 0 on; a block of 32 elements has only 32. */
    public final byte[] quants = new byte[SIZE];

    /** Common scale, as the bits of an f16. */
    public short scale;

    /** Common min, as the bits of an f16; 0 if the type has none. */
    public short min;

    /** Scales s of the parts: 0 to 63, for Q6_K −128 to 127. */
    public final byte[] scales = new byte[16];

    /** Mins m of the parts, 0 to 63. */
    public final byte[] mins = new byte[8];

    /** Creates a block of a type that this class describes. */
    public KQuantBlock(DType dtype) {
        this.dtype = dtype;
    }

    /** Returns true if this class describes blocks of {@code dtype}. */
    public static boolean describes(DType dtype) {
        return switch (dtype) {
            case Q4_1, Q5_0, Q5_1, Q4_K, Q5_K, Q6_K -> true;
            default -> false;
        };
    }

    /** Reads the block whose bytes begin at {@code at}. */
    public void read(byte[] bytes, int at) {
        switch (dtype) {
            case Q4_1 -> readSmall(bytes, at, 0, 4);
            case Q5_0 -> readSmall(bytes, at, 2, 6);
            case Q5_1 -> readSmall(bytes, at, 4, 8);
            case Q4_K -> readLarge(bytes, at, 0, 16);
            case Q5_K -> readLarge(bytes, at, 16, 48);
            default -> readLarge6(bytes, at);
        }
    }

    /** Stores the elements' values in {@code into}. */
    void elements(float[] into) {
        float common = Float.float16ToFloat(scale);
        float least = Float.float16ToFloat(min);
        for (int i = 0; i < dtype.blockSize(); i++) {
            into[i] = switch (dtype) {
                case Q4_1, Q5_1 -> common * quants[i] + least;
                case Q5_0 -> common * (quants[i] - 16);
                case Q6_K -> common * scales[i / 16] * (quants[i] - 32);
                default -> common * scales[i / 32] * quants[i] - least * mins[i / 32];
            };
        }
    }

    /** Writes a K-quant's block to the bytes that begin at {@code at}. */
    void write(byte[] bytes, int at) {
        Arrays.fill(bytes, at, at + dtype.bytes(), (byte) 0);
        if (dtype == DType.Q6_K) {
            writeLarge6(bytes, at);
        } else {
            writeLarge(bytes, at, dtype == DType.Q5_K ? 16 : 0, dtype == DType.Q5_K ? 48 : 16);
        }
    }

    private static short half(byte[] bytes, int at) {
        return (short) (bytes[at] & 0xff | bytes[at + 1] << 8);
    }

    private static void writeHalf(short half, byte[] bytes, int at) {
        bytes[at] = (byte) half;
        bytes[at + 1] = (byte) (half >> 8);
    }

    /** @param high first byte of the high bits, or 0 if the type has none */
    private void readSmall(byte[] bytes, int at, int high, int nibbles) {
        scale = half(bytes, at);
        min = dtype == DType.Q5_0 ? 0 : half(bytes, at + 2);
        for (int i = 0; i < 16; i++) {
            int low = high == 0 ? 0 : bit(bytes, at + high, i) << 4;
            int next = high == 0 ? 0 : bit(bytes, at + high, i + 16) << 4;
            quants[i] = (byte) (bytes[at + nibbles + i] & 15 | low);
            quants[i + 16] = (byte) (bytes[at + nibbles + i] >>> 4 & 15 | next);
        }
    }

    private static int bit(byte[] bytes, int from, int i) {
        return bytes[from + i / 8] >>> i % 8 & 1;
    }

    /**
     * @param high first byte of the high bits, or 0 if the type has none; bit p of byte i belongs to element i of part
     *     p
     */
    private void readLarge(byte[] bytes, int at, int high, int nibbles) {
        scale = half(bytes, at);
        min = half(bytes, at + 2);
        for (int part = 0; part < 8; part++) {
            scales[part] = (byte) partNumber(bytes, at + 4, part, 0);
            mins[part] = (byte) partNumber(bytes, at + 4, part, 4);
            int from = at + nibbles + part / 2 * 32;
            for (int i = 0; i < 32; i++) {
                int bit = high == 0 ? 0 : (bytes[at + high + i] >>> part & 1) << 4;
                quants[part * 32 + i] = (byte) (bytes[from + i] >>> part % 2 * 4 & 15 | bit);
            }
        }
    }

    /**
     * Returns a six-bit number from the twelve bytes that start at {@code at}. Parts 0 to 3 have it in the low bits of
     * a byte. Parts 4 to 7 have its low bits in a nibble of the last four bytes, and its high bits in the top two bits
     * of the other bytes.
     *
     * @param from 0 for scales, 4 for mins
     */
    private static int partNumber(byte[] bytes, int at, int part, int from) {
        if (part < 4) {
            return bytes[at + from + part] & 63;
        }
        return bytes[at + 8 + part - 4] >>> from & 15 | (bytes[at + from + part - 4] & 0xc0) >>> 2;
    }

    private static void writePartNumber(int number, byte[] bytes, int at, int part, int from) {
        if (part < 4) {
            bytes[at + from + part] |= (byte) number;
        } else {
            bytes[at + 8 + part - 4] |= (byte) ((number & 15) << from);
            bytes[at + from + part - 4] |= (byte) (number >>> 4 << 6);
        }
    }

    private void writeLarge(byte[] bytes, int at, int high, int nibbles) {
        writeHalf(scale, bytes, at);
        writeHalf(min, bytes, at + 2);
        for (int part = 0; part < 8; part++) {
            writePartNumber(scales[part], bytes, at + 4, part, 0);
            writePartNumber(mins[part], bytes, at + 4, part, 4);
            int to = at + nibbles + part / 2 * 32;
            for (int i = 0; i < 32; i++) {
                int q = quants[part * 32 + i];
                bytes[to + i] |= (byte) ((q & 15) << part % 2 * 4);
                if (high > 0) {
                    bytes[at + high + i] |= (byte) (q >>> 4 << part);
                }
            }
        }
    }

    private void readLarge6(byte[] bytes, int at) {
        scale = half(bytes, at + 208);
        min = 0;
        System.arraycopy(bytes, at + 192, scales, 0, 16);
        for (int i = 0; i < SIZE; i++) {
            int group = i % 128 / 32;
            quants[i] = (byte) (bytes[at + nibble6(i)] >>> group / 2 * 4 & 15
                    | (bytes[at + high6(i)] >>> group * 2 & 3) << 4);
        }
    }

    private void writeLarge6(byte[] bytes, int at) {
        writeHalf(scale, bytes, at + 208);
        System.arraycopy(scales, 0, bytes, at + 192, 16);
        for (int i = 0; i < SIZE; i++) {
            int group = i % 128 / 32;
            bytes[at + nibble6(i)] |= (byte) ((quants[i] & 15) << group / 2 * 4);
            bytes[at + high6(i)] |= (byte) (quants[i] >>> 4 << group * 2);
        }
    }

    private static int nibble6(int i) {
        return i / 128 * 64 + i % 64;
    }

    private static int high6(int i) {
        return 128 + i / 128 * 32 + i % 32;
    }
}
