package io.github.t6j.flashtpa;

import static io.github.t6j.flashtpa.FlashTpaArguments.checkElements;

import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.attention.paged.PageAttention;
import io.github.t6j.attention.paged.PagedAlgorithm;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Workers;
import io.github.t6j.kernels.choice.KernelChoice;
import io.github.t6j.session.ModelUse;
import io.github.t6j.session.UseWords;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;

/**
 * FlashTPA (paper, Algorithm 2) as a library function for your own models: attention of factored queries over factored
 * keys and values, without rebuilding them. Keys are cached as given, so rotate B_Q and B_K by position first.
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
 * <p>A FlashTpa owns its threads and serves any number of caches, for example one per layer of a model. One thread at a
 * time may use a cache.
 */
public final class FlashTpa implements AutoCloseable {
    final Shape shape;
    final Options options;
    final PageAttention attention;
    final FactorReader reader;
    final ModelUse use;
    private final Workers workers;

    /** Wording of messages where a FlashTpa differs from a model. */
    private static final UseWords WORDS = new UseWords(
            "FlashTpa", "cache", "create a new one", "create a new one",
            "the cache is in a call already: its cancellation function may read and fork it, but not change it",
            "give each thread its own cache, for example a fork");

    /**
     * Sizes of a factored attention.
     *
     * @param heads number of heads, H
     * @param headDim elements of a query and of a key, D
     * @param valueDim elements of a value, E
     * @param queryRank rank of queries, R_Q, or 0 for whole queries (T6 KV-only), see {@link Factors#whole}
     * @param keyRank rank of keys, R_K
     * @param valueRank rank of values, R_V
     */
    public record Shape(int heads, int headDim, int valueDim, int queryRank, int keyRank, int valueRank) {
        /** Largest number of elements per token; buffers fit in an array and a small heap. Models have thousands. */
        private static final int MAX_ELEMENTS = 1 << 20;

        /**
         * Creates a shape.
         *
         * @throws IllegalArgumentException if a size is below 1, or queryRank below 0, or the factors of a token, its
         *     query, its R_Q · R_K products and its output have more than 1048576 elements together
         */
        public Shape {
            atLeast(1, heads, "heads");
            atLeast(1, headDim, "headDim");
            atLeast(1, valueDim, "valueDim");
            atLeast(0, queryRank, "queryRank");
            atLeast(1, keyRank, "keyRank");
            atLeast(1, valueRank, "valueRank");
            double query = queryRank == 0 ? (double) heads * headDim : ((double) heads + headDim) * queryRank;
            double elements = query + (double) queryRank * keyRank + ((double) heads + headDim) * keyRank
                    + ((double) heads + valueDim) * valueRank
                    + (double) heads * valueDim;
            if (elements > MAX_ELEMENTS) {
                throw new IllegalArgumentException(String.format(
                        Locale.ROOT,
                        "shape: expected at most %d elements a token in queries, factors, products and outputs, found %.0f"
                                + " with heads %d, headDim %d, valueDim %d, queryRank %d, keyRank %d, valueRank %d",
                        MAX_ELEMENTS, elements, heads, headDim, valueDim, queryRank, keyRank, valueRank));
            }
        }
    }

    /**
     * Options of the computation: {@link #defaults} and the methods that change one of them in a copy. Scores are
     * scale · queryScale · keyScale · (Σ A_Q B_Q) · (Σ A_K B_K), with sums over the ranks; the output is valueScale
     * times the mean of Σ A_V B_V weighted by the softmax.
     *
     * @param scale scale of scores, 1/√D by default
     * @param queryScale scale of queries, by default 1/R_Q, or 1 for whole queries
     * @param keyScale scale of keys, 1/R_K by default
     * @param valueScale scale of values, 1/R_V by default
     * @param sigmoid true to apply 1/(1 + e^−a) to every element of the head factors A first
     * @param threads number of threads that compute, including the calling one; 0 for one per core
     * @param steps grouped heads, a token shift and norms, or null
     */
    public record Options(
            double scale, double queryScale, double keyScale, double valueScale, boolean sigmoid, int threads,
            FlashTpaSteps steps) {
        /** @throws IllegalArgumentException if a scale is NaN or infinite, or {@code threads} is negative */
        public Options {
            finite(scale, "scale");
            finite(queryScale, "queryScale");
            finite(keyScale, "keyScale");
            finite(valueScale, "valueScale");
            atLeast(0, threads, "threads");
        }

        /** Returns the options of T6 models, on all cores. */
        public static Options defaults(Shape shape) {
            Objects.requireNonNull(shape, "shape");
            return new Options(
                    1 / Math.sqrt(shape.headDim), 1.0 / Math.max(1, shape.queryRank), 1.0 / shape.keyRank,
                    1.0 / shape.valueRank, false, 0, null);
        }

        /**
         * Returns these options with other scales.
         *
         * @throws IllegalArgumentException if a scale is NaN or infinite
         */
        public Options withScales(double scale, double queryScale, double keyScale, double valueScale) {
            return new Options(scale, queryScale, keyScale, valueScale, sigmoid, threads, steps);
        }

        /** Returns these options with a sigmoid on every element of the head factors A. */
        public Options withSigmoid() {
            return new Options(scale, queryScale, keyScale, valueScale, true, threads, steps);
        }

        /**
         * Returns these options with another number of threads; 0 for one per core.
         *
         * @throws IllegalArgumentException if {@code threads} is negative
         */
        public Options withThreads(int threads) {
            return new Options(scale, queryScale, keyScale, valueScale, sigmoid, threads, steps);
        }

        /** Returns these options with grouped heads, a token shift or norms; A_K and A_V are then [K][R]. */
        public Options withSteps(FlashTpaSteps steps) {
            return new Options(scale, queryScale, keyScale, valueScale, sigmoid, threads, steps);
        }
    }

    /**
     * Factors of queries, keys or values: f32 elements in native byte order, in off-heap memory, a float[] or a byte[].
     * The call copies them.
     *
     * @param a head factors [batch][tokens][H][R]
     * @param b feature factors [batch][tokens][R][D], rotated by position; for values [batch][tokens][R][E]
     */
    public record Factors(MemorySegment a, MemorySegment b) {
        /**
         * Creates factors.
         *
         * @throws IllegalArgumentException if a segment wraps an array of another type
         */
        public Factors {
            checkElements("a", a);
            checkElements("b", b);
        }

        /** Creates factors from arrays. */
        public static Factors of(float[] a, float[] b) {
            Objects.requireNonNull(a, "a");
            Objects.requireNonNull(b, "b");
            return new Factors(MemorySegment.ofArray(a), MemorySegment.ofArray(b));
        }

        /** Creates whole queries [batch][tokens][H][D], for a shape whose queryRank is 0. */
        public static Factors whole(float[] queries) {
            Objects.requireNonNull(queries, "queries");
            return of(new float[0], queries);
        }
    }

    /** Creates FlashTPA of a shape with {@link Options#defaults}. */
    public FlashTpa(Shape shape) {
        this(shape, Options.defaults(shape));
    }

    /** Creates FlashTPA of a shape. */
    public FlashTpa(Shape shape, Options options) {
        this.shape = Objects.requireNonNull(shape, "shape");
        this.options = Objects.requireNonNull(options, "options");
        attention = FlashTpaSteps.attention(options.steps(), shape);
        reader = new FactorReader(shape, options, FlashTpaSteps.offsets(options.steps(), shape));
        workers = new Workers(options.threads() == 0 ? Runtime.getRuntime().availableProcessors() : options.threads());
        use = new ModelUse(workers::close, WORDS);
        use.watch(this);
    }

    /**
     * Returns an empty f32 cache of {@code batch} sequences, which may grow to different lengths. The caller closes it.
     *
     * @throws IllegalArgumentException if {@code batch} is below 1
     * @throws IllegalStateException if this FlashTpa is closed
     */
    public FlashTpaCache newCache(int batch) {
        return newCache(batch, CacheType.F32);
    }

    /**
     * Returns an empty cache with elements of {@code type}; attention computes in f32 with every type.
     *
     * @throws IllegalArgumentException if {@code batch} is below 1
     * @throws IllegalStateException if this FlashTpa is closed
     */
    public FlashTpaCache newCache(int batch, CacheType type) {
        use.checkOpen();
        atLeast(1, batch, "batch");
        Objects.requireNonNull(type, "type");
        PagedCache[] sequences = new PagedCache[batch];
        Arrays.setAll(sequences, b -> newSequence(type));
        return new FlashTpaCache(this, type, sequences, new int[batch]);
    }

    PagedCache newSequence(CacheType type) {
        return new PagedCache(attention.layout(), Format.valueOf(type.name()), 1);
    }

    /** Creates the attention of one cache, with its buffers in {@code memory}. */
    PagedAlgorithm newAttention(Arena memory) {
        return (PagedAlgorithm) attention.newAlgorithm(KernelChoice.kernels(), workers, memory);
    }

    /**
     * Ends the threads and closes the caches. Calls in progress on other threads end as cancelled; the last of them
     * ends the threads. Closing twice has no effect.
     */
    @Override
    public void close() {
        use.close();
        Reference.reachabilityFence(this);
    }

    static void atLeast(int min, int found, String what) {
        if (found < min) {
            throw new IllegalArgumentException(what + ": expected " + min + " or more, found " + found);
        }
    }

    private static void finite(double found, String what) {
        if (!Double.isFinite(found)) {
            throw new IllegalArgumentException(what + ": expected a finite number, found " + found);
        }
    }
}
