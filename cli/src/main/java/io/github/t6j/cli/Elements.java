package io.github.t6j.cli;

import io.github.t6j.weights.DType;
import io.github.t6j.weights.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Locale;

/** Where a tensor's elements come from, in row-major order. */
@FunctionalInterface
interface Elements {
    int CHUNK = 1 << 16;

    /** The largest number of f16, of which scales are, too. */
    int HALF = 65504;

    /** Puts the {@code n} elements from place {@code from} on at the start of {@code into}. */
    void read(long from, float[] into, int n);

    /** The elements of {@code tensor}, which fit in {@code dtype}. @throws CommandFailure if one is too large for it */
    static Elements of(Tensor tensor, DType dtype) {
        return (from, into, n) -> {
            tensor.read(from, into, 0, n);
            checkFits(tensor.name(), dtype, into, n);
        };
    }

    /** All elements of a tensor of {@code shape}, rounded to the nearest of {@code dtype}. */
    default MemorySegment write(DType dtype, List<Long> shape, Arena arena) {
        long count = shape.stream().reduce(1L, Math::multiplyExact);
        MemorySegment data = arena.allocate(dtype.bytes(shape), 64);
        int step = dtype.isQuantized() ? Math.toIntExact(shape.getLast()) : CHUNK; // a row ends with a whole block
        float[] chunk = new float[step];
        for (long from = 0, to = 0; from < count; from += step, to += dtype.padded(step)) {
            int n = (int) Math.min(step, count - from);
            read(from, chunk, n);
            dtype.write(chunk, 0, data, to, n);
        }
        return data;
    }

    private static void checkFits(String name, DType dtype, float[] values, int n) {
        int most = switch (dtype) { // what a number is divided by to give an f16
            case F16 -> 1;
            case Q8_0 -> 127;
            case Q4_0 -> 8;
            default -> 0;
        };
        for (int i = 0; most > 0 && i < n; i++) {
            boolean fits = Float.isFinite(Float.float16ToFloat(Float.floatToFloat16(values[i] / most)));
            if (!fits && (dtype.isQuantized() || Float.isFinite(values[i]))) {
                throw new CommandFailure(name + ": expected numbers up to " + most * HALF + ", all that "
                        + dtype.name().toLowerCase(Locale.ROOT) + " holds, found " + values[i] + ": take bf16 or f32");
            }
        }
    }
}
