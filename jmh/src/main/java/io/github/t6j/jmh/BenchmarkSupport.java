package io.github.t6j.jmh;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import io.github.t6j.attention.LayerPlace;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.PackedMatrix;
import io.github.t6j.kernels.Workers;
import io.github.t6j.kernels.choice.KernelChoice;
import io.github.t6j.nativekernels.NativeKernels;
import io.github.t6j.weights.NativeMemory;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.TensorReader;
import java.lang.foreign.SegmentAllocator;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Shared code of the benchmarks: choosing kernels, and keeping data out of the processor's caches. */
final class BenchmarkSupport {
    /** JVM option that forks need for the Vector API. */
    static final String VECTORS = "--add-modules=jdk.incubator.vector";

    /** JVM option that allows huge pages for weights and long contexts, as in bin/t6j. */
    static final String HUGE_PAGES = "--enable-native-access=ALL-UNNAMED";

    /** Calls of an operation of about a microsecond that make a step of its warm-up. */
    private static final int CALLS = 1000;

    /** Consecutive steps that must allocate almost nothing. */
    private static final int STEADY_STEPS = 20;

    /** Bytes that the rest of the JVM may allocate during a step; the vectors of the shortest step take more. */
    private static final long FEW_BYTES = 64 << 10;

    private static final long PATIENCE_NANOS = 60_000_000_000L;

    private BenchmarkSupport() {}

    /**
     * Returns the requested kernels.
     *
     * @param name native, simd or scalar
     * @throws IllegalStateException if SIMD is not available: the scalar twin must not be measured in its place
     */
    static Kernels kernels(String name) {
        Kernels found = find(name);
        Outputs.useKernels(found.description());
        return found;
    }

    private static Kernels find(String name) {
        return switch (name) {
            case "native" -> KernelChoice.warming(NativeKernels.load()); // its threads end with the benchmark's JVM
            case "scalar" -> KernelChoice.scalar();
            case "simd" -> {
                if (KernelChoice.kernels() == KernelChoice.scalar()) {
                    throw new IllegalStateException("kernels: expected SIMD, found the scalar twin (the warning above"
                            + " has the reason); use -p kernels=scalar to measure that");
                }
                yield KernelChoice.kernels();
            }
            default -> throw unknown("kernels", "native, simd or scalar", name);
        };
    }

    /**
     * Returns the number of copies of the data that a benchmark uses alternately.
     *
     * @param residency memory, for enough copies that each comes from memory; cached, for one
     */
    static int copies(String residency, long bytes) {
        return copies(residency, bytes, L3Cache.bytes());
    }

    /** Returns the places of a model's layers, so that steps allocate none. */
    static LayerPlace[] places(int layers) {
        return IntStream.range(0, layers).mapToObj(LayerPlace::of).toArray(LayerPlace[]::new);
    }

    /**
     * Packs {@code count} copies of a matrix into one piece of {@code memory}, as a model's matrices are, for huge pages.
     */
    static PackedMatrix[] pack(Tensor weights, int count, NativeMemory memory, Workers workers) {
        List<Tensor> parts = List.of(weights);
        long bytes = count * PackedMatrix.packedBytes(parts, TensorReader.IN_MEMORY);
        SegmentAllocator piece = SegmentAllocator.slicingAllocator(memory.allocate(bytes, PackedMatrix.ALIGNMENT));
        return Stream.generate(() -> PackedMatrix.pack(parts, TensorReader.IN_MEMORY, piece, workers)).limit(count)
                .toArray(PackedMatrix[]::new);
    }

    /** @param thirdLevel bytes of L3, or 0 if unknown */
    static int copies(String residency, long bytes, long thirdLevel) {
        return switch (residency) {
            case "memory" -> Math.toIntExact(Math.max(1, (L3Cache.outOfCache(thirdLevel) + bytes - 1) / bytes));
            case "cached" -> 1;
            default -> throw unknown("residency", "memory or cached", residency);
        };
    }

    /**
     * Repeats {@code step} until C2 has compiled it, which takes no fixed time. Until then vectors are objects, so
     * compiled steps are recognised by their lack of allocation.
     *
     * @throws IllegalStateException if steps keep allocating: the result would not measure the kernels
     */
    static void warm(Runnable step) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long start = System.nanoTime();
        long before = threads.getTotalThreadAllocatedBytes();
        for (int steady = 0; steady < STEADY_STEPS;) {
            step.run();
            long now = threads.getTotalThreadAllocatedBytes();
            steady = now - before < FEW_BYTES ? steady + 1 : 0;
            before = now;
            if (System.nanoTime() - start > PATIENCE_NANOS) {
                throw new IllegalStateException(
                        "warm-up: expected steps that allocate nothing, found that they still allocate"
                                + " vectors after a minute: C2 did not compile the kernels as usual; run it again");
            }
        }
    }

    /** Warms up an operation that is too short to be a step by itself. */
    static void warmShort(Runnable operation) {
        warm(() -> {
            for (int call = 0; call < CALLS; call++) {
                operation.run();
            }
        });
    }

    /** Returns the format of a cache's elements. */
    static Format format(String cacheType) {
        return switch (cacheType) {
            case "f32", "f16", "bf16", "q8" -> Format.valueOf(cacheType.toUpperCase(Locale.ROOT));
            default -> throw unknown("cacheType", "f32, f16, bf16 or q8", cacheType);
        };
    }

    /**
     * Checks that a benchmark's data takes at most half of the machine's memory.
     *
     * @throws SkippedException if it takes more
     */
    static void checkFits(String what, long bytes) {
        long memory = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
        if (bytes > memory / 2) {
            throw new SkippedException(String.format(
                    Locale.ROOT, "%s takes %.1f GB, more than half of this machine's %.1f GB", what, bytes * 1e-9,
                    memory * 1e-9));
        }
    }

    /** @throws SkippedException if Java's heap cannot hold {@code bytes} */
    static void checkHeap(String what, long bytes) {
        long max = Runtime.getRuntime().maxMemory();
        if (bytes > max) {
            throw new SkippedException(String.format(
                    Locale.ROOT, "%s takes %.1f GB, more than Java's heap of %.1f GB", what, bytes * 1e-9,
                    max * 1e-9));
        }
    }

    /** Returns random numbers from −1 to 1. */
    static float[] floats(int count, SplittableRandom random) {
        float[] floats = new float[count];
        for (int i = 0; i < count; i++) {
            floats[i] = (float) random.nextDouble(-1, 1);
        }
        return floats;
    }

    /** Returns a file in testdata/, in the project's folder or the one that the system property t6j.testdata names. */
    static Path testData(String relative) {
        Path path = Path.of(System.getProperty("t6j.testdata", "testdata")).resolve(relative);
        if (!Files.exists(path)) {
            throw new IllegalStateException(path.toAbsolutePath() + ": expected the project's test data, found no such"
                    + " file; run in the project's folder or add -jvmArgsAppend -Dt6j.testdata=FOLDER");
        }
        return path;
    }

    static IllegalArgumentException unknown(String parameter, String expected, String found) {
        return new IllegalArgumentException(parameter + ": expected " + expected + ", found " + found);
    }
}
