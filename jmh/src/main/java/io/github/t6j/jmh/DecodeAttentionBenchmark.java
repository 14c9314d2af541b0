package io.github.t6j.jmh;

import io.github.t6j.attention.Attention;
import io.github.t6j.attention.PagedAttention;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.kernels.KernelChoice;
import io.github.t6j.kernels.Workers;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;

/**
 * One decode step of one layer's attention against its cache: scores, softmax and values of one query for each sequence
 * of a batch. Projections, RoPE and the appending of the new token are no part of it.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsPrepend = Setting.VECTORS)
public class DecodeAttentionBenchmark {
    /** Rows of projections that caches are filled from, in turn: no multiple of a page. */
    private static final int ROWS = 257;

    /** The caches and the queries. */
    @State(Scope.Benchmark)
    public static class Caches {
        /** Which attention. */
        @Param({"mha", "gqa", "mqa", "tpa", "tpa_kvonly"})
        public String attention;

        /** Of which size: see {@link DecodeShape}. */
        @Param("paper")
        public String shape;

        /** Tokens in each cache. */
        @Param({"4096", "16384", "65536"})
        public int context;

        /** How the cache's numbers are stored. */
        @Param("f32")
        public String cacheType;

        /** Threads that compute. */
        @Param("1")
        public int threads;

        /** Sequences in a step. */
        @Param("1")
        public int batch;

        /** Where a step finds the cache: memory or cached. */
        @Param("memory")
        public String residency;

        /** What computes: simd or scalar. */
        @Param("simd")
        public String kernels;

        Attention variant;
        float[][] queries; //    [batch], rows of projections
        PagedCache[] caches; //  [copies · batch]
        private PagedAttention paged;
        private Workers workers;
        private float[] out;
        private int next;

        /** Fills the caches with seeded numbers. */
        @Setup
        public void fill() {
            if (!cacheType.equals("f32")) {
                throw Setting.unknown("cacheType", "f32", cacheType);
            }
            variant = DecodeShape.of(shape, attention);
            workers = new Workers(threads);
            paged = new PagedAttention(variant, null, Setting.kernels(kernels), KernelChoice.scalar(), workers);
            out = new float[variant.heads() * variant.valueDim()];
            SplittableRandom random = new SplittableRandom(1);
            float[][] rows = rows(ROWS, random);
            queries = rows(batch, random);
            caches = new PagedCache[batch * Setting.copies(residency, bytesPerStep())];
            for (int i = 0; i < caches.length; i++) {
                caches[i] = new PagedCache(variant.layout(), 1);
                caches[i].reserve(context);
                for (int token = 0; token < context; token++) {
                    variant.append(
                            rows[(token + i) % ROWS], 0, caches[i].pageOf(0, token), PagedCache.slot(token));
                }
            }
        }

        private float[][] rows(int count, SplittableRandom random) {
            float[][] rows = new float[count][variant.projections()];
            for (float[] row : rows) {
                for (int i = 0; i < row.length; i++) {
                    row[i] = (float) random.nextDouble(-1, 1);
                }
            }
            return rows;
        }

        long bytesPerToken() {
            return (long) variant.layout().numbersPerToken() * Float.BYTES;
        }

        long bytesPerStep() {
            return batch * context * bytesPerToken();
        }

        /** Attention of sequence {@code b}'s query to the next of its caches. */
        float[] attend(int b) {
            paged.attendCached(
                    variant, queries[b], 1, queries[b].length, caches[next + b], 0, context - 1, null, out);
            return out;
        }

        void turn() {
            next = (next + batch) % caches.length;
        }

        /** Frees them. */
        @TearDown
        public void close() {
            for (PagedCache cache : caches) {
                cache.close();
            }
            workers.close();
        }
    }

    /**
     * What was read. JMH adds up such counters over iterations and forks, so each gives its share of a mean.
     */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.EVENTS)
    public static class Traffic {
        private Caches caches;
        private double shares;
        private long steps;
        private long start;

        /** Begins to count. */
        @Setup(Level.Iteration)
        public void start(Caches all, BenchmarkParams benchmark, IterationParams iteration) {
            begin(all, Math.max(1, benchmark.getForks()) * iteration.getCount());
        }

        void begin(Caches all, int iterations) {
            caches = all;
            shares = iterations;
            steps = 0;
            start = System.nanoTime();
        }

        /** Bytes of caches. */
        public double bytesPerSecond() {
            return steps * caches.bytesPerStep() / ((System.nanoTime() - start) * 1e-9) / shares;
        }

        /** Bytes that a token takes in this layer's cache. */
        public double cacheBytesPerToken() {
            return caches.bytesPerToken() / shares;
        }
    }

    /** One query of each sequence. */
    @Benchmark
    public float[] step(Caches caches, Traffic traffic) {
        float[] last = null;
        for (int b = 0; b < caches.batch; b++) {
            last = caches.attend(b);
        }
        caches.turn();
        traffic.steps++;
        return last;
    }
}
