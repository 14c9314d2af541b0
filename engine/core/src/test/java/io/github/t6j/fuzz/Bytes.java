package io.github.t6j.fuzz;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;

/** Changes bytes regardless of their meaning. */
public final class Bytes {
    private static final float[] BORDERS = {Float.NEGATIVE_INFINITY, 0f, -0f, 1f, -1f, Float.MIN_VALUE, Float.MAX_VALUE,
        -Float.MAX_VALUE, 1e-30f, Float.POSITIVE_INFINITY, Float.NaN};

    private Bytes() {}

    /** Returns a boundary value, at which arithmetic often goes wrong. */
    static long border(Random random) {
        long power = 1L << random.nextInt(64);
        return switch (random.nextInt(6)) {
            case 0 -> 0;
            case 1 -> -1;
            case 2 -> power;
            case 3 -> power - 1;
            case 4 -> -power;
            default -> Long.MAX_VALUE / (1 + random.nextInt(20));
        };
    }

    /** Returns {@code good} truncated, with some bytes changed, removed or inserted. */
    public static byte[] mutate(byte[] good, Random random) {
        byte[] bytes = random.nextInt(8) == 0 ? Arrays.copyOf(good, random.nextInt(good.length + 1)) : good.clone();
        for (int i = 1 << random.nextInt(4); i > 0 && bytes.length > 0; i--) {
            int at = random.nextInt(bytes.length);
            int end = Math.min(bytes.length, at + 1 + random.nextInt(16));
            switch (random.nextInt(6)) {
                case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> bytes[at] = (byte) random.nextInt();
                case 2 -> bytes = splice(bytes, at, end, new byte[0]);
                case 3 -> bytes = splice(bytes, at, at, Arrays.copyOfRange(bytes, at, end));
                case 4 -> putBorder(bytes, at, 1 << random.nextInt(4), random);
                default -> System.arraycopy(bytes, random.nextInt(bytes.length - (end - at) + 1), bytes, at, end - at);
            }
        }
        return bytes;
    }

    /**
     * Returns {@code good} with a boundary value in one of its first 4-byte integers, and bytes added or removed at its
     * end.
     */
    public static byte[] mutateStart(byte[] good, Random random) {
        byte[] bytes = Arrays.copyOf(good, Math.max(0, good.length - random.nextInt(3) + random.nextInt(3)));
        if (bytes.length >= 64) {
            putBorder(bytes, 4 * random.nextInt(random.nextInt(3) == 0 ? 16 : 8), 4, random);
        }
        return bytes;
    }

    /** Writes a boundary value of {@code width} bytes at {@code at}, as far as {@code bytes} reaches. */
    static void putBorder(byte[] bytes, int at, int width, Random random) {
        byte[] border = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(border(random)).array();
        System.arraycopy(border, 0, bytes, at, Math.min(Math.min(width, 8), bytes.length - at));
    }

    /** Returns {@code good}, an array of floats, with some of them changed. */
    static byte[] mutateFloats(byte[] good, Random random) {
        ByteBuffer bytes = ByteBuffer.wrap(good.clone());
        int same = random.nextInt(4); // often a single value, so that all logits are equal
        for (int i = 1 << random.nextInt(7); i > 0; i--) {
            float border = BORDERS[random.nextInt(same == 0 ? 1 : BORDERS.length)];
            bytes.putFloat(random.nextInt(good.length / Float.BYTES) * Float.BYTES, border);
        }
        return bytes.array();
    }

    private static byte[] splice(byte[] bytes, int from, int to, byte[] with) {
        ByteBuffer out = ByteBuffer.allocate(bytes.length - (to - from) + with.length);
        return out.put(bytes, 0, from).put(with).put(bytes, to, bytes.length - to).array();
    }
}
