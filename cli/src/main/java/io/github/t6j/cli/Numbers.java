package io.github.t6j.cli;

import io.github.t6j.weights.DType;
import io.github.t6j.weights.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Where a tensor's numbers come from, in row-major order. */
@FunctionalInterface
interface Numbers {
    int CHUNK = 1 << 16;

    /** Puts the {@code n} numbers from place {@code from} on at the start of {@code into}. */
    void read(long from, float[] into, int n);

    /** The numbers of {@code tensor}, which fit in {@code dtype}. @throws CommandFailure if one is too large for f16 */
    static Numbers of(Tensor tensor, DType dtype) {
        return (from, into, n) -> {
            tensor.read(from, into, 0, n);
            if (dtype == DType.F16) {
                checkFits(tensor.name(), into, n);
            }
        };
    }

    /** All numbers of a tensor of {@code shape}, rounded to the nearest of {@code dtype}. */
    default MemorySegment write(DType dtype, List<Long> shape, Arena arena) {
        long count = shape.stream().reduce(1L, Math::multiplyExact);
        MemorySegment data = arena.allocate(Math.multiplyExact(count, dtype.bytes()), 64);
        float[] chunk = new float[CHUNK];
        for (long from = 0; from < count; from += CHUNK) {
            int n = (int) Math.min(CHUNK, count - from);
            read(from, chunk, n);
            dtype.write(chunk, 0, data, from, n);
        }
        return data;
    }

    private static void checkFits(String name, float[] values, int n) {
        for (int i = 0; i < n; i++) {
            if (Float.isFinite(values[i]) && Float.isInfinite(Float.float16ToFloat(Float.floatToFloat16(values[i])))) {
                throw new CommandFailure(name + ": expected numbers up to 65504, all that f16 holds, found " + values[i]
                        + ": take bf16 or f32");
            }
        }
    }
}
