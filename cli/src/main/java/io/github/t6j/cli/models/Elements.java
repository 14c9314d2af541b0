package io.github.t6j.cli.models;

import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.QuantizedBlock;
import io.github.t6j.weights.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;

/** Source of a tensor's elements, in row-major order. */
@FunctionalInterface
interface Elements {
    int CHUNK = 1 << 16;

    /** Largest finite f16; scales of blocks are f16. */
    int HALF = 65504;

    /** Reads {@code n} elements, from index {@code from} on, into the start of {@code into}. */
    void read(long from, float[] into, int n);

    /** Returns the elements of {@code tensor}. @throws CommandFailure if one does not fit in {@code dtype} */
    static Elements of(Tensor tensor, DType dtype) {
        return (from, into, n) -> {
            tensor.read(from, into, 0, n);
            checkFits(tensor, dtype, from, into, n);
        };
    }

    /** @throws CommandFailure if a block of {@code tensor} has a scale or min that is NaN or infinite */
    static void checkScales(Tensor tensor) {
        DType dtype = tensor.dtype();
        long columns = tensor.shape().getLast();
        long blocks = Math.ceilDiv(columns, dtype.blockSize());
        for (long block = 0, at = 0; at < tensor.data().byteSize(); block++, at += dtype.bytes()) {
            for (int place : dtype.scalePlaces()) {
                float scale = Float.float16ToFloat(QuantizedBlock.scale(tensor.data(), at + place));
                if (!Float.isFinite(scale)) {
                    long first = block / blocks * columns + block % blocks * dtype.blockSize();
                    throw new CommandFailure(tensor.name() + ": expected finite scales, found " + scale
                            + " for the block from " + place(tensor, first) + " on: the weights are damaged");
                }
            }
        }
    }

    /** Returns an element's indices, such as [3, 17]. */
    private static String place(Tensor tensor, long index) {
        List<Long> indices = new ArrayList<>();
        for (long size : tensor.shape().reversed()) {
            indices.addFirst(index % size);
            index /= size;
        }
        return indices.toString();
    }

    /** Returns all elements of a tensor of {@code shape}, rounded to the nearest values of {@code dtype}. */
    default MemorySegment write(DType dtype, List<Long> shape, Arena arena) {
        long count = shape.stream().reduce(1L, Math::multiplyExact);
        MemorySegment data = arena.allocate(dtype.bytes(shape), 64);
        if (count == 0) {
            return data; // before the length of a row matters
        }
        int step = dtype.isQuantized() ? Math.toIntExact(shape.getLast()) : CHUNK; // a row ends with a whole block
        float[] chunk = new float[step];
        for (long from = 0, to = 0; from < count; from += step, to += dtype.padded(step)) {
            int n = (int) Math.min(step, count - from);
            if (Thread.currentThread().isInterrupted()) {
                throw new CancellationException("interrupted");
            }
            read(from, chunk, n);
            dtype.write(chunk, 0, data, to, n);
        }
        return data;
    }

    private static void checkFits(Tensor tensor, DType dtype, long from, float[] values, int n) {
        int most = switch (dtype) { // the divisor that turns an element into an f16 scale
            case F16 -> 1;
            case Q8_0 -> 127;
            case Q4_0 -> 8;
            case Q4_K, Q5_K -> 63; // of the min
            case Q6_K -> 32 * 128;
            default -> 0;
        };
        String type = dtype.name().toLowerCase(Locale.ROOT);
        for (int i = 0; most > 0 && i < n; i++) {
            if (!Float.isFinite(values[i])) {
                if (dtype.isQuantized()) {
                    throw new CommandFailure(tensor.name() + ": expected finite numbers, found " + values[i] + " at "
                            + place(tensor, from + i) + ", which " + type + " cannot hold: are the weights damaged?");
                }
            } else if (!Float.isFinite(Float.float16ToFloat(Float.floatToFloat16(values[i] / most)))) {
                throw new CommandFailure(tensor.name() + ": expected numbers up to " + most * HALF + ", the largest of "
                        + type + ", found " + values[i] + " at " + place(tensor, from + i)
                        + ": use bf16 or f32");
            }
        }
    }
}
