package io.github.t6j.jmh;

import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import io.github.t6j.model.Sequence;
import io.github.t6j.model.Transformer;
import io.github.t6j.weights.DType;
import java.lang.foreign.Arena;
import java.util.Arrays;
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

/** A whole model with random weights, from ids to the logits after the last id. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(value = 1, jvmArgsPrepend = {BenchmarkSupport.VECTORS, BenchmarkSupport.HUGE_PAGES})
public class ModelBenchmark {

    /** A model and a sequence. */
    @State(Scope.Benchmark)
    public static class Loaded {
        /** Model: t6-small, t6-kvonly-small, mha-small, mqa-small or gqa-small, with 124 M parameters each. */
        @Param({"t6-small", "mha-small", "gqa-small"})
        public String model;

        /** Type of the weights: f32, bf16, q8_0 or q4_0. */
        @Param("bf16")
        public String type;

        /** Type of the cache's elements: f32, f16, bf16 or q8. */
        @Param("f32")
        public String cacheType;

        /** Number of threads. */
        @Param("1")
        public int threads;

        RandomModel shape;
        long weights;
        long weightBytes;
        Transformer transformer;
        Sequence sequence;
        private Kernels chosen;
        private Workers workers;
        private Arena arena;

        /** Fills the weights; whole models use SIMD kernels only. */
        @Setup
        public void load() {
            load(RandomModel.of(model));
        }

        void load(RandomModel random) {
            chosen = BenchmarkSupport.kernels("simd");
            shape = random;
            DType dtype = Matrices.dtype(type);
            weights = shape.matrixWeights();
            weightBytes = shape.matrixBytes(dtype);
            BenchmarkSupport.checkFits(model, 2 * weightBytes);
            workers = new Workers(threads);
            arena = Arena.ofShared();
            transformer = shape.load(dtype, workers, arena);
            sequence = transformer.newSequence(BenchmarkSupport.format(cacheType), false);
        }

        /** Adds the forms of products and attention of some rows. */
        void useForm(int rows) {
            AttentionShape attention = shape.attention();
            Outputs.useForm(chosen, tiles -> Forms.product(tiles, type, attention.width(), rows) + ", "
                    + Forms.attention(tiles, attention, attention.build(arena), BenchmarkSupport.format(cacheType),
                            rows, threads));
        }

        int[] ids(int count) {
            return new SplittableRandom(2).ints(count, 0, shape.vocabulary()).toArray();
        }

        void feed(int[] ids) {
            for (int from = 0; from < ids.length; from += Transformer.MAX_PASS_ROWS) {
                int count = Math.min(Transformer.MAX_PASS_ROWS, ids.length - from);
                sequence.forward(ids, from, count, from + count == ids.length ? 1 : 0, () -> false);
            }
        }

        /** Returns multiplications and additions in the attention of a row that attends to {@code seen} tokens. */
        long attentionFlops(long seen) {
            return shape.layers() * seen * shape.attention().flopsPerToken();
        }

        /** Frees the memory. */
        @TearDown
        public void close() {
            sequence.close();
            workers.close();
            arena.close();
        }
    }

    /** A prompt. */
    @State(Scope.Benchmark)
    public static class Prompt {
        /** Number of ids. */
        @Param("512")
        public int tokens;

        private int[] ids;

        /** Chooses the ids and warms up the kernels. */
        @Setup
        public void prepare(Loaded loaded) {
            make(loaded);
            BenchmarkSupport.warm(() -> feed(loaded));
            Outputs.keep(feed(loaded));
            loaded.useForm(Math.min(tokens, Transformer.MAX_PASS_ROWS));
        }

        void make(Loaded loaded) {
            ids = loaded.ids(tokens);
        }

        float[] feed(Loaded loaded) {
            loaded.sequence.truncate(0);
            loaded.feed(ids);
            return loaded.sequence.logits(0, 1); // of the only row that the last pass needed
        }
    }

    /** Context of a decode step. */
    @State(Scope.Benchmark)
    public static class Context {
        /** Tokens in the cache. */
        @Param({"128", "1024"})
        public int depth;

        private int[] next;

        /** Fills the cache with random numbers, since computing it would take minutes, and warms up the kernels. */
        @Setup
        public void prepare(Loaded loaded) {
            loaded.sequence.fill(depth, 3);
            next = loaded.ids(1);
            BenchmarkSupport.warm(() -> decode(loaded));
            Outputs.keep(decode(loaded));
            loaded.useForm(1);
        }

        /** Computes the cache, and chooses the id that follows. */
        void feed(Loaded loaded) {
            int[] ids = loaded.ids(depth + 1);
            next = new int[] {ids[depth]};
            loaded.feed(Arrays.copyOf(ids, depth));
        }

        /** Decodes one id more, then removes it from the cache. */
        float[] decode(Loaded loaded) {
            loaded.feed(next);
            float[] logits = loaded.sequence.logits(0, 1);
            loaded.sequence.truncate(depth);
            return logits;
        }
    }

    /** Counter of ids. */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.EVENTS)
    public static class TokenRate {
        private final Counter tokens = new Counter();

        /** Begins counting. */
        @Setup(Level.Iteration)
        public void begin(BenchmarkParams benchmark, IterationParams iteration) {
            tokens.begin(benchmark, iteration);
        }

        void begin() {
            tokens.begin(1);
        }

        /** Ends counting. */
        @TearDown(Level.Iteration)
        public void end() {
            tokens.end();
        }

        /** Returns tokens per second. */
        public double tokensPerSecond() {
            return tokens.perSecond();
        }
    }

    /** Feeds a prompt into an empty cache. */
    @Benchmark
    public float[] prefill(Loaded loaded, Prompt prompt, Rates rates, TokenRate rate) {
        long tokens = prompt.tokens;
        long embedding = (long) loaded.shape.vocabulary() * loaded.shape.attention().width();
        rate.tokens.add(tokens);
        rates.add(0, 2 * (tokens * (loaded.weights - embedding) + embedding)
                + loaded.attentionFlops(tokens * (tokens + 1) / 2));
        return prompt.feed(loaded);
    }

    /** Decodes one id after {@code depth} others, then removes it from the cache. */
    @Benchmark
    public float[] decode(Loaded loaded, Context context, Rates rates, TokenRate rate) {
        rate.tokens.add(1);
        rates.add(loaded.weightBytes + loaded.sequence.cacheBytes(),
                2 * loaded.weights + loaded.attentionFlops(context.depth + 1L));
        return context.decode(loaded);
    }
}
