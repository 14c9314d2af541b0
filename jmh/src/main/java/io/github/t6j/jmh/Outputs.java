package io.github.t6j.jmh;

import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.simd.SimdKernels;
import io.github.t6j.kernels.simd.lanes.TileTable;
import java.nio.ByteBuffer;
import java.util.function.Function;
import java.util.zip.CRC32C;

/**
 * Kernels of the benchmark that this JVM runs, and a hash of their output: a faster wrong kernel has another hash. Each
 * fork runs one benchmark, and the suite's profiler reads both.
 */
public final class Outputs {
    private static final int PIECE = 1 << 14; // numbers

    private static volatile String kernels = "";
    private static volatile long hash = -1;

    private Outputs() {}

    /** Returns the description of the kernels that the benchmark uses; empty if it has no choice. */
    public static String kernels() {
        return kernels;
    }

    /** Returns the hash, 32 bits, or −1 if the benchmark has none. */
    public static long hash() {
        return hash;
    }

    static void useKernels(String description) {
        kernels = description;
    }

    /**
     * Adds the form that {@code chosen} kernels use for the benchmark's sizes, if they are SIMD.
     *
     * @param form form by the kernels' tiles; empty if there is only one
     */
    static void useForm(Kernels chosen, Function<TileTable, String> form) {
        String text = chosen instanceof SimdKernels simd ? form.apply(simd.tiles()) : "";
        kernels += text.isEmpty() ? "" : ", " + text;
    }

    /** Hashes outputs of a step that has the same inputs in every fork. */
    static void keep(float[]... outputs) {
        hash = hash(outputs);
    }

    /** Returns CRC-32C of all numbers, big-endian. */
    static long hash(float[]... outputs) {
        CRC32C sum = new CRC32C();
        ByteBuffer bytes = ByteBuffer.allocate(PIECE * Float.BYTES);
        for (float[] output : outputs) {
            for (int at = 0; at < output.length; at += PIECE) {
                int count = Math.min(PIECE, output.length - at);
                bytes.asFloatBuffer().put(output, at, count);
                sum.update(bytes.array(), 0, count * Float.BYTES);
            }
        }
        return sum.getValue();
    }
}
