package io.github.t6j.jmh;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.github.t6j.nativekernels.DotProducts;
import io.github.t6j.weights.NativeMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Limits of the machine, for comparison with the kernels: bytes read and floating-point operations, in one thread; with
 * {@code -t max} in all cores at once. Operations are counters per second; bytes are the score times the size, since
 * counters of several threads include what they do outside the measurement.
 */
public class PeakBenchmark extends RateBenchmark {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    private static final int PIECE = 64 * 1024;

    /** Data that {@link #read} reads. */
    @State(Scope.Thread)
    public static class Data {
        /**
         * Size in KiB: the smallest fits in L2, the largest only in memory; suites use a larger one if L3 exceeds 200
         * MiB.
         */
        @Param({"256", "4096", "409600"})
        public int kilobytes;

        private final NativeMemory memory = NativeMemory.shared(); // in huge pages, as weights are
        MemorySegment bytes;
        private final float[] sums = new float[LANES];
        private long step; // not a constant: C2 would unroll a counted loop and reorder its loads, at half the speed

        /** Writes every page once, so that the system allocates it. */
        @Setup
        public void fill() {
            bytes = memory.allocate(kilobytes * 1024L, 64);
            for (long at = 0; at < bytes.byteSize(); at += Float.BYTES) {
                bytes.set(ValueLayout.JAVA_FLOAT, at, 1e-3f);
            }
            step = SPECIES.vectorByteSize();
        }

        @TearDown
        public void close() {
            memory.close();
        }
    }

    /** Native dot products. */
    @State(Scope.Thread)
    public static class Dots {
        private final DotProducts products = new DotProducts();
    }

    /** Counter of operations. */
    @State(Scope.Thread)
    @AuxCounters
    public static class Work {
        /** Multiplications and additions. */
        public long flops;

        private final float[] sums = new float[LANES]; // a vector that is returned would be an object
    }

    /** Reads all the data. @return sums, one per lane */
    @Benchmark
    public float[] read(Data data) {
        Arrays.fill(data.sums, 0f);
        for (long from = 0; from < data.bytes.byteSize(); from += PIECE) {
            sum(data.bytes, from, from + PIECE, data.step, data.sums);
        }
        return data.sums;
    }

    /**
     * Adds a piece in one stream with eight sums; with four streams, one core reads a fifth less on a Zen 5. Frequent
     * calls make C2 compile the whole method instead of a running loop.
     */
    private static void sum(MemorySegment bytes, long from, long to, long step, float[] sums) {
        FloatVector a = FloatVector.fromArray(SPECIES, sums, 0);
        FloatVector b = FloatVector.zero(SPECIES);
        FloatVector c = b;
        FloatVector d = b;
        FloatVector e = b;
        FloatVector f = b;
        FloatVector g = b;
        FloatVector h = b;
        for (long at = from; at < to; at += 8 * step) {
            a = a.add(FloatVector.fromMemorySegment(SPECIES, bytes, at, LITTLE_ENDIAN));
            b = b.add(FloatVector.fromMemorySegment(SPECIES, bytes, at + step, LITTLE_ENDIAN));
            c = c.add(FloatVector.fromMemorySegment(SPECIES, bytes, at + 2 * step, LITTLE_ENDIAN));
            d = d.add(FloatVector.fromMemorySegment(SPECIES, bytes, at + 3 * step, LITTLE_ENDIAN));
            e = e.add(FloatVector.fromMemorySegment(SPECIES, bytes, at + 4 * step, LITTLE_ENDIAN));
            f = f.add(FloatVector.fromMemorySegment(SPECIES, bytes, at + 5 * step, LITTLE_ENDIAN));
            g = g.add(FloatVector.fromMemorySegment(SPECIES, bytes, at + 6 * step, LITTLE_ENDIAN));
            h = h.add(FloatVector.fromMemorySegment(SPECIES, bytes, at + 7 * step, LITTLE_ENDIAN));
        }
        a.add(b).add(c.add(d)).add(e.add(f).add(g.add(h))).intoArray(sums, 0);
    }

    /** Computes dot products of bytes in registers, as native kernels do. */
    @Benchmark
    public void byteDotProduct(Dots dots, Work work) {
        work.flops += dots.products.compute();
    }

    /** Multiplies and adds in registers, as a matrix product does: ten independent chains hide the latency of one. */
    @Benchmark
    public float[] multiplyAdd(Work work) {
        int steps = 100_000;
        FloatVector x = FloatVector.broadcast(SPECIES, 0.999f);
        FloatVector y = FloatVector.broadcast(SPECIES, 1e-3f);
        FloatVector a = x;
        FloatVector b = x.add(1);
        FloatVector c = x.add(2);
        FloatVector d = x.add(3);
        FloatVector e = x.add(4);
        FloatVector f = x.add(5);
        FloatVector g = x.add(6);
        FloatVector h = x.add(7);
        FloatVector i = x.add(8);
        FloatVector j = x.add(9);
        for (int step = 0; step < steps; step++) {
            a = a.fma(x, y);
            b = b.fma(x, y);
            c = c.fma(x, y);
            d = d.fma(x, y);
            e = e.fma(x, y);
            f = f.fma(x, y);
            g = g.fma(x, y);
            h = h.fma(x, y);
            i = i.fma(x, y);
            j = j.fma(x, y);
        }
        work.flops += 2L * 10 * LANES * steps;
        a.add(b).add(c.add(d)).add(e.add(f)).add(g.add(h).add(i.add(j))).intoArray(work.sums, 0);
        return work.sums;
    }
}
