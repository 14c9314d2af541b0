package io.github.t6j.jmh;

import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.paged.PageAttention;
import io.github.t6j.cache.Page;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.cache.PagedCache;
import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Appends one token to one layer's cache, in an existing page. After the last token the benchmark begins again at the
 * first.
 */
public class CacheAppendBenchmark extends TimeBenchmark {
    /** Attention. */
    @Param({"mha", "gqa", "mqa", "mla", "tpa", "tpa_kvonly"})
    public String attention;

    /** Shape of the attention: see {@link AttentionShape}. */
    @Param("paper")
    public String shape;

    /** Capacity of the cache in tokens. */
    @Param("4096")
    public int context;

    /** Type of the cache's elements: f32, f16, bf16 or q8. */
    @Param({"f32", "bf16", "q8"})
    public String cacheType;

    PageAttention subject;
    PagedCache cache;
    AttentionPass pass; // of one row
    private Arena arena;
    private long bytes;
    private int token;

    /** Builds the cache and the projections of a token, and hashes that token as the cache stores it. */
    @Setup
    public void fill() {
        arena = Arena.ofShared();
        subject = AttentionShape.of(shape, attention).build(arena);
        pass = AttentionPass.of(subject, 1, 0);
        float[] row = BenchmarkSupport.floats(subject.rowFloats(), new SplittableRandom(1));
        System.arraycopy(row, 0, pass.projections, 0, row.length);
        pass.setLayer(subject, 0);
        pass.rows = 1;
        cache = new PagedCache(subject.layout(), BenchmarkSupport.format(cacheType), 1);
        cache.reserve(0, context);
        bytes = subject.layout().bytesPerToken(BenchmarkSupport.format(cacheType));
        subject.append(pass, 0, pass.rows, cache);
        Outputs.keep(firstToken());
    }

    /** Returns the cached elements of the first token: columns, then rows. */
    private float[] firstToken() {
        Page page = cache.page(0, 0);
        PageLayout layout = subject.layout();
        float[] elements = new float[layout.columns() + layout.rows() * layout.width()];
        for (int column = 0; column < layout.columns(); column++) {
            elements[column] = page.column(0, column);
        }
        for (int i = layout.columns(); i < elements.length; i++) {
            int element = i - layout.columns();
            elements[i] = page.row(0, element / layout.width(), element % layout.width());
        }
        return elements;
    }

    /** Appends one token. */
    @Benchmark
    public PagedCache append(Rates rates) {
        pass.position = token;
        subject.append(pass, 0, pass.rows, cache);
        token = (token + 1) % context;
        rates.add(bytes, 0);
        return cache;
    }

    /** Frees the memory. */
    @TearDown
    public void close() {
        cache.close();
        arena.close();
    }
}
