package io.github.t6j.cli.formats;

import io.github.t6j.weights.DType;
import io.github.t6j.weights.Tensor;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Random;

/**
 * Tensors of K-quants and of the older types of 4 and 5 bits. All bits are random except the scales of blocks, which
 * give the elements a mean of about 0 and a standard deviation.
 */
final class RandomBlocks {
    private RandomBlocks() {}

    static Tensor tensor(String name, DType dtype, List<Long> shape, double deviation, Random random) {
        byte[] bytes = new byte[Math.toIntExact(dtype.bytes(shape))];
        random.nextBytes(bytes);
        ByteBuffer blocks = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        float scale = (float) (deviation / deviationOfOne(dtype));
        for (int block = 0; block < bytes.length; block += dtype.bytes()) {
            blocks.putShort(block + (dtype == DType.Q6_K ? 208 : 0), Float.floatToFloat16(scale));
            switch (dtype) { // added, or subtracted with a random factor of a part
                case Q4_1 -> blocks.putShort(block + 2, Float.floatToFloat16(-7.5f * scale));
                case Q5_1 -> blocks.putShort(block + 2, Float.floatToFloat16(-15.5f * scale));
                case Q4_K -> blocks.putShort(block + 2, Float.floatToFloat16(7.5f * scale));
                case Q5_K -> blocks.putShort(block + 2, Float.floatToFloat16(15.5f * scale));
                default -> {
                }
            }
        }
        return new Tensor(name, dtype, shape, MemorySegment.ofArray(bytes));
    }

    /** Standard deviation of elements in a block of scale 1: whole numbers; with K, times a part's random one. */
    private static double deviationOfOne(DType dtype) {
        return switch (dtype) {
            case Q4_1 -> 4.6;
            case Q5_0, Q5_1 -> 9.2;
            case Q4_K -> 257;
            case Q5_K -> 524;
            case Q6_K -> 1367;
            default -> throw new IllegalArgumentException(dtype.toString());
        };
    }
}
