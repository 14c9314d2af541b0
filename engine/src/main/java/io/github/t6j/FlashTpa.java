package io.github.t6j;

import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.attention.PagedAttention;
import io.github.t6j.attention.TensorProductAttention;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.KernelChoice;
import io.github.t6j.kernels.Workers;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;

/**
 * FlashTPA (paper, Algorithm 2) as a library function, for those who have their own model: attention of factored
 * queries over factored keys and values, none of which is ever built whole. It is the engine's own attention on the
 * engine's own cache. Keys are cached as they come, so rotate B_Q and B_K by position before.
 *
 * <pre>{@code
 * // 34 heads of 64 elements, ranks 6, 2, 2; factors of 100 tokens of one sequence, then of a query
 * FlashTpa.Shape shape = new FlashTpa.Shape(34, 64, 64, 6, 2, 2);
 * try (FlashTpa flash = new FlashTpa(shape); FlashTpaCache cache = flash.newCache(1)) {
 *     cache.append(100, FlashTpa.Factors.of(aK, bK), FlashTpa.Factors.of(aV, bV));
 *     float[] y = cache.attend(1, FlashTpa.Factors.of(aQ, bQ)); // [1][1][34][64]
 * }
 * }</pre>
 *
 * One object serves any number of caches (one for each layer of a model, say); it owns the threads. Each cache is used
 * by one thread at a time.
 */
public final class FlashTpa implements AutoCloseable {
    private final Shape shape;
    private final Options options;
    private final TensorProductAttention attention;
    private final Workers workers;

    /**
     * The sizes of a factored attention.
     *
     * @param heads H
     * @param headDim D, elements of a query and of a key
     * @param valueDim E, elements of a value
     * @param queryRank R_Q; 0: queries are whole (T6 KV-only), {@link Factors#whole}
     * @param keyRank R_K
     * @param valueRank R_V
     */
    public record Shape(int heads, int headDim, int valueDim, int queryRank, int keyRank, int valueRank) {
        /** @throws IllegalArgumentException if a size is below 1, or queryRank below 0 */
        public Shape {
            atLeast(1, heads, "heads");
            atLeast(1, headDim, "headDim");
            atLeast(1, valueDim, "valueDim");
            atLeast(0, queryRank, "queryRank");
            atLeast(1, keyRank, "keyRank");
            atLeast(1, valueRank, "valueRank");
        }
    }

    /**
     * How it is computed: scores are scale · queryScale · keyScale · (Σ A_Q B_Q) · (Σ A_K B_K), sums over the ranks; the
     * output is valueScale times the softmax's mean of Σ A_V B_V.
     *
     * @param scale 1/√D by default
     * @param queryScale 1/R_Q by default, or 1 where queries are whole
     * @param keyScale 1/R_K by default
     * @param valueScale 1/R_V by default
     * @param sigmoid whether every A is taken through 1/(1 + e^−a) first
     * @param threads threads that compute, the calling one included; 0: one per core
     */
    public record Options(
            double scale, double queryScale, double keyScale, double valueScale, boolean sigmoid, int threads) {
        /** @throws IllegalArgumentException if a scale is not finite, or {@code threads} negative */
        public Options {
            finite(scale, "scale");
            finite(queryScale, "queryScale");
            finite(keyScale, "keyScale");
            finite(valueScale, "valueScale");
            atLeast(0, threads, "threads");
        }

        /** What T6 models compute, on all cores. */
        public static Options defaults(Shape shape) {
            return new Options(
                    1 / Math.sqrt(shape.headDim), 1.0 / Math.max(1, shape.queryRank), 1.0 / shape.keyRank,
                    1.0 / shape.valueRank, false, 0);
        }

        /** These options with other scales. */
        public Options withScales(double newScale, double newQueryScale, double newKeyScale, double newValueScale) {
            return new Options(newScale, newQueryScale, newKeyScale, newValueScale, sigmoid, threads);
        }

        /** These options with a sigmoid on every A. */
        public Options withSigmoid() {
            return new Options(scale, queryScale, keyScale, valueScale, true, threads);
        }

        /** These options with another number of threads. */
        public Options withThreads(int newThreads) {
            return new Options(scale, queryScale, keyScale, valueScale, sigmoid, newThreads);
        }
    }

    /**
     * The factors of one of Q, K and V: f32 elements in the machine's order and the model's layout, read when they are
     * handed over and not kept.
     *
     * @param a head factors [batch][tokens][H][R]
     * @param b feature factors [batch][tokens][R][D], rotated by position; those of values [batch][tokens][R][E]
     */
    public record Factors(MemorySegment a, MemorySegment b) {
        /** Factors in arrays. */
        public static Factors of(float[] a, float[] b) {
            return new Factors(MemorySegment.ofArray(a), MemorySegment.ofArray(b));
        }

        /** Whole queries, [batch][tokens][H][D], for a shape whose queryRank is 0. */
        public static Factors whole(float[] queries) {
            return of(new float[0], queries);
        }
    }

    /** FlashTPA of this shape as T6 models compute it, on all cores. */
    public FlashTpa(Shape shape) {
        this(shape, Options.defaults(shape));
    }

    /** FlashTPA of this shape. */
    public FlashTpa(Shape shape, Options options) {
        this.shape = shape;
        this.options = options;
        attention = new TensorProductAttention(
                shape.heads, shape.headDim, shape.valueDim, shape.queryRank, shape.keyRank, shape.valueRank);
        workers = new Workers(options.threads == 0 ? Runtime.getRuntime().availableProcessors() : options.threads);
    }

    /**
     * An empty f32 cache of {@code batch} sequences, which may grow to different lengths. The caller closes it.
     *
     * @throws IllegalArgumentException if {@code batch} is below 1
     */
    public FlashTpaCache newCache(int batch) {
        return newCache(batch, CacheType.F32);
    }

    /**
     * The same with elements of a narrower type; attention computes in f32 with all of them.
     *
     * @throws IllegalArgumentException if {@code batch} is below 1
     */
    public FlashTpaCache newCache(int batch, CacheType type) {
        atLeast(1, batch, "batch");
        Objects.requireNonNull(type, "type");
        PagedCache[] sequences = new PagedCache[batch];
        Arrays.setAll(sequences, b -> newSequence(type));
        return new FlashTpaCache(this, type, sequences, new int[batch]);
    }

    PagedCache newSequence(CacheType type) {
        return new PagedCache(attention.layout(), Format.valueOf(type.name()), 1);
    }

    /** Buffers of one cache. */
    PagedAttention newAttention() {
        return new PagedAttention(attention, null, KernelChoice.kernels(), workers);
    }

    Shape shape() {
        return shape;
    }

    Options options() {
        return options;
    }

    TensorProductAttention attention() {
        return attention;
    }

    /** Ends the threads. */
    @Override
    public void close() {
        workers.close();
    }

    static void atLeast(int least, int found, String what) {
        if (found < least) {
            throw new IllegalArgumentException(what + ": expected " + least + " or more, found " + found);
        }
    }

    private static void finite(double found, String what) {
        if (!Double.isFinite(found)) {
            throw new IllegalArgumentException(what + ": expected a finite number, found " + found);
        }
    }
}
