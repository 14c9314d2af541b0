package io.github.t6j.jmh;

import io.github.t6j.attention.Attention;
import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.LatentAttention;
import io.github.t6j.attention.LatentAlgorithm;
import io.github.t6j.attention.PagedAttention;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.kernels.KernelChoice;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One layer's causal attention of a whole prompt, in passes of as many rows as the engine takes at once; each pass keeps
 * its tokens first.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsPrepend = {BenchmarkSupport.VECTORS, BenchmarkSupport.HUGE_PAGES})
@State(Scope.Benchmark)
public class PrefillAttentionBenchmark {
    /** Rows of a pass of the engine. */
    private static final int PASS = 128;

    /** Which attention. */
    @Param({"mha", "gqa", "mqa", "mla", "tpa", "tpa_kvonly"})
    public String attention;

    /** Of which size: see {@link AttentionShape}. */
    @Param("paper")
    public String shape;

    /** Tokens of the prompt. */
    @Param({"512", "2048"})
    public int tokens;

    /** How the cache's elements are stored: f32, f16, bf16 or q8. */
    @Param("f32")
    public String cacheType;

    /** Threads that compute. */
    @Param("1")
    public int threads;

    /** What computes: simd or scalar. */
    @Param("simd")
    public String kernels;

    Attention variant;
    float[] projections; // [tokens][stride]
    PagedCache cache;
    private AttentionAlgorithm path;
    private AttentionShape sizes;
    private Workers workers;
    private Arena arena;
    private float[] pass; // the rows of one
    private float[] y;

    /** Makes the prompt's projections and warms what computes. */
    @Setup
    public void prepare() {
        fill();
        BenchmarkSupport.warm(this::prompt);
    }

    void fill() {
        sizes = AttentionShape.of(shape, attention);
        arena = Arena.ofShared();
        variant = sizes.build(arena);
        projections = BenchmarkSupport.floats(tokens * variant.rowFloats(), new SplittableRandom(1));
        cache = new PagedCache(variant.layout(), BenchmarkSupport.format(cacheType), 1);
        cache.reserve(0, tokens);
        workers = new Workers(threads);
        Kernels found = BenchmarkSupport.kernels(kernels);
        path = variant instanceof LatentAttention latent
                ? new LatentAlgorithm(latent, cache, found, KernelChoice.scalar(), workers)
                : new PagedAttention(variant, cache, found, KernelChoice.scalar(), workers);
        pass = new float[PASS * variant.rowFloats()];
        y = new float[PASS * variant.heads() * variant.valueDim()];
    }

    /** The whole prompt; what remains is the last pass. */
    @Benchmark
    public float[] prompt(Rates rates) {
        rates.add(0, sizes.flopsOfPrompt(tokens, PASS));
        return prompt();
    }

    float[] prompt() {
        int stride = variant.rowFloats();
        for (int first = 0; first < tokens; first += PASS) {
            int rows = Math.min(PASS, tokens - first);
            System.arraycopy(projections, first * stride, pass, 0, rows * stride);
            path.attend(variant, pass, rows, stride, 0, first, y);
        }
        return y;
    }

    /** The last pass's rows. */
    float[] lastRows(float[] all) {
        int rows = (tokens - 1) % PASS + 1;
        return Arrays.copyOf(all, rows * variant.heads() * variant.valueDim());
    }

    /** Frees the cache. */
    @TearDown
    public void close() {
        cache.close();
        workers.close();
        arena.close();
    }
}
