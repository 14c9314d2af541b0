package io.github.t6j.jmh;

import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.paged.PageAttention;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Causal attention of one layer over a whole prompt, in passes of as many rows as the engine takes at once. Each pass
 * appends its tokens first.
 */
public class PrefillAttentionBenchmark extends KernelBenchmark {
    /** Rows of a pass of the engine. */
    private static final int PASS = 128;

    /** Attention. */
    @Param({"mha", "gqa", "mqa", "mla", "tpa", "tpa_kvonly", "gla", "gta", "mfa", "mlra"})
    public String attention;

    /** Shape of the attention: see {@link AttentionShape}. */
    @Param("paper")
    public String shape;

    /** Tokens of the prompt. */
    @Param({"512", "2048"})
    public int tokens;

    /** Type of the cache's elements: f32, f16, bf16 or q8. */
    @Param("f32")
    public String cacheType;

    PageAttention subject;
    float[] projections; // [tokens][stride]
    PagedCache cache;
    private AttentionAlgorithm algorithm;
    private AttentionShape sizes;
    private Kernels chosen;
    private Workers workers;
    private Arena arena;
    private AttentionPass pass;

    /** Fills the prompt's projections and warms up the kernels. */
    @Setup
    public void prepare() {
        fill();
        BenchmarkSupport.warm(this::prompt);
        Outputs.keep(outputs());
        Outputs.useForm(chosen, tiles -> Forms.attention(
                tiles, sizes, subject, BenchmarkSupport.format(cacheType), Math.min(PASS, tokens), threads));
    }

    void fill() {
        sizes = AttentionShape.of(shape, attention);
        arena = Arena.ofShared();
        subject = sizes.build(arena);
        projections = BenchmarkSupport.floats(tokens * subject.rowFloats(), new SplittableRandom(1));
        cache = new PagedCache(subject.layout(), BenchmarkSupport.format(cacheType), 1);
        cache.reserve(0, tokens);
        workers = new Workers(threads);
        chosen = BenchmarkSupport.kernels(kernels);
        algorithm = subject.newAlgorithm(cache, chosen, workers);
        pass = new AttentionPass(PASS, subject.rowFloats(), subject.heads() * subject.valueDim(), 0);
        pass.setLayer(subject, 0);
    }

    /** Computes the whole prompt. @return the last pass */
    @Benchmark
    public float[] prompt(Rates rates) {
        rates.add(0, sizes.flopsOfPrompt(tokens, PASS));
        return prompt();
    }

    float[] prompt() {
        for (int first = 0; first < tokens; first += PASS) {
            attend(first);
        }
        return pass.output;
    }

    private void attend(int first) {
        int stride = subject.rowFloats();
        pass.rows = Math.min(PASS, tokens - first);
        pass.position = first;
        System.arraycopy(projections, first * stride, pass.projections, 0, pass.rows * stride);
        algorithm.append(pass);
        algorithm.attend(pass);
    }

    /** Computes the whole prompt. @return the rows of each pass */
    float[][] outputs() {
        float[][] outputs = new float[Math.ceilDiv(tokens, PASS)][];
        for (int i = 0; i < outputs.length; i++) {
            attend(i * PASS);
            outputs[i] = lastRows(pass.output);
        }
        return outputs;
    }

    /** Returns the rows of the last pass. */
    float[] lastRows(float[] all) {
        return Arrays.copyOf(all, pass.rows * pass.outputWidth());
    }

    /** Frees the cache. */
    @TearDown
    public void close() {
        cache.close();
        workers.close();
        arena.close();
    }
}
