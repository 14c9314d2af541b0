package io.github.t6j.jmh;

import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.LayerPlace;
import io.github.t6j.attention.paged.PageAttention;
import io.github.t6j.cache.Page;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * One decode step of one layer's attention against its cache: scores, softmax and values of one query for each sequence
 * of a batch. It excludes projections, RoPE and appending the new token. For MLA, GLA and MLRA it includes absorbing
 * W_UK into the query and applying W_UV to the sum, since the others begin with whole queries and end with whole
 * values. For TPA with steps it includes shifts and norms of keys, but no norms of queries, differences or gates, which
 * are steps of a row alone.
 */
public class DecodeAttentionBenchmark extends TimeBenchmark {
    /** Caches and queries. */
    @State(Scope.Benchmark)
    public static class Caches {
        /** Attention; also tpa_steps in shape olala. */
        @Param({"mha", "gqa", "mqa", "mla", "tpa", "tpa_kvonly", "gla", "gta", "mfa", "mlra"})
        public String attention;

        /** Shape of the attention: see {@link AttentionShape}. */
        @Param("paper")
        public String shape;

        /** Tokens in each cache. */
        @Param({"4096", "16384", "65536"})
        public int context;

        /** Type of the cache's elements: f32, f16, bf16 or q8. */
        @Param("f32")
        public String cacheType;

        /** Number of threads. */
        @Param("1")
        public int threads;

        /** Sequences in a step. */
        @Param("1")
        public int batch;

        /** Place of the cache before a step: memory, with many layers used alternately, or cached, with one. */
        @Param("memory")
        public String residency;

        /** Kernels: simd or scalar. */
        @Param("simd")
        public String kernels;

        PageAttention subject;
        AttentionPass[] queries; // [batch], of one row each
        PagedCache[] caches; //  [batch], each with as many layers as are used alternately
        int layer; //            index of the next layer
        private LayerPlace[] places; // [layers]
        private AttentionShape sizes;
        private Format format;
        private Kernels chosen;
        private AttentionAlgorithm[] algorithms; // [batch]
        private Workers workers;
        private Arena arena;

        /** Fills the caches with seeded numbers and warms up the kernels. */
        @Setup
        public void prepare() {
            fill();
            BenchmarkSupport.warm(() -> attend(0));
            Outputs.keep(IntStream.range(0, batch).mapToObj(this::attend).toArray(float[][]::new));
            Outputs.useForm(chosen, tiles -> Forms.attention(tiles, sizes, subject, format, 1, threads));
        }

        void fill() {
            format = BenchmarkSupport.format(cacheType);
            sizes = AttentionShape.of(shape, attention);
            arena = Arena.ofShared();
            subject = sizes.build(arena);
            int layers = BenchmarkSupport.copies(residency, bytesPerStep());
            BenchmarkSupport.checkFits(batch + " × " + attention + " at " + context + " tokens",
                    layers * bytesPerStep());
            places = BenchmarkSupport.places(layers);
            workers = new Workers(threads);
            chosen = BenchmarkSupport.kernels(kernels);
            queries = new AttentionPass[batch];
            caches = new PagedCache[batch];
            algorithms = new AttentionAlgorithm[batch];
            SplittableRandom random = new SplittableRandom(1);
            for (int b = 0; b < batch; b++) {
                queries[b] = query(BenchmarkSupport.floats(subject.projections(), random));
                caches[b] = new PagedCache(subject.layout(), format, layers);
                caches[b].fill(context, b);
                if (subject.readsPredecessors()) {
                    complete(caches[b], queries[b], random);
                }
                algorithms[b] = subject.newAlgorithm(caches[b], chosen, workers);
            }
        }

        /** Fills the gates of the shift, 0 for the first token, and computes the scales of the keys. */
        private void complete(PagedCache cache, AttentionPass pass, SplittableRandom random) {
            for (LayerPlace place : places) {
                for (int token = 0; token < context; token++) {
                    Page page = cache.pageOf(place.index(), token);
                    for (int i = 0; i < subject.layout().exact(); i++) {
                        page.writeExact(PagedCache.slot(token), i, token == 0 ? 0f : (float) random.nextDouble());
                    }
                }
                pass.setLayer(subject, place);
                pass.position = 0;
                subject.complete(pass, 0, context, cache);
            }
            pass.position = context - 1;
        }

        /** Replaces the cache of the first sequence. */
        void use(PagedCache cache, int layers) {
            caches[0].close();
            caches[0] = cache;
            places = BenchmarkSupport.places(layers);
            algorithms[0] = subject.newAlgorithm(cache, chosen, workers);
        }

        private AttentionPass query(float[] projections) {
            AttentionPass pass = AttentionPass.of(subject, 1, 0);
            System.arraycopy(projections, 0, pass.projections, 0, projections.length);
            pass.rows = 1;
            pass.position = context - 1;
            return pass;
        }

        long bytesPerToken() {
            return subject.layout().bytesPerToken(format);
        }

        long bytesPerStep() {
            return (long) batch * context * bytesPerToken();
        }

        long flopsPerStep() {
            return (long) batch * context * sizes.flopsPerToken();
        }

        /** Computes attention of sequence {@code b}'s query to the next layer of its cache. */
        float[] attend(int b) {
            queries[b].setLayer(subject, places[layer]);
            algorithms[b].attend(queries[b]);
            return queries[b].output;
        }

        void turn() {
            layer = (layer + 1) % places.length;
        }

        /** Frees the memory. */
        @TearDown
        public void close() {
            for (PagedCache cache : caches) {
                cache.close();
            }
            workers.close();
            arena.close();
        }
    }

    /** Cache size of a token. */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.EVENTS)
    public static class CacheSize {
        private double share;

        /** Measures the cache. */
        @Setup
        public void measure(Caches caches, BenchmarkParams benchmark) {
            measure(caches, Math.max(1, benchmark.getForks()) * benchmark.getMeasurement().getCount());
        }

        void measure(Caches caches, int iterations) {
            share = (double) caches.bytesPerToken() / iterations;
        }

        /** Returns the bytes of a token in this layer's cache: a share of them, which JMH adds up. */
        public double cacheBytesPerToken() {
            return share;
        }
    }

    /** Computes one query of each sequence. */
    @Benchmark
    public float[] step(Caches caches, Rates rates, CacheSize size) {
        float[] last = null;
        for (int b = 0; b < caches.batch; b++) {
            last = caches.attend(b);
        }
        caches.turn();
        rates.add(caches.bytesPerStep(), caches.flopsPerStep());
        return last;
    }
}
