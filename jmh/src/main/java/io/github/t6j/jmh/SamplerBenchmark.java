package io.github.t6j.jmh;

import io.github.t6j.sampling.Sampler;
import io.github.t6j.sampling.SamplingOptions;
import java.util.Random;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/** Samples an id from logits of GPT-2's vocabulary. */
public class SamplerBenchmark extends TimeBenchmark {
    /** Number of logits, more than ids. */
    private static final int LOGITS = 50304;

    private static final int IDS = 50257;

    /** Sampling: greedy; default (temperature 0.8, top-k 40, top-p 0.95); or all (temperature 1 without filters). */
    @Param({"greedy", "default", "all"})
    public String sampling;

    float[] logits;
    private Sampler sampler;

    /** Fills the logits with a spread like a small model's. */
    @Setup
    public void fill() {
        SamplingOptions defaults = SamplingOptions.defaults().withSeed(1L);
        sampler = new Sampler(switch (sampling) {
            case "greedy" -> SamplingOptions.greedy();
            case "default" -> defaults;
            case "all" -> defaults.withTemperature(1f).withTopK(0).withTopP(1f);
            default -> throw BenchmarkSupport.unknown("sampling", "greedy, default or all", sampling);
        }, LOGITS, IDS);
        Random random = new Random(1);
        logits = new float[LOGITS];
        for (int i = 0; i < LOGITS; i++) {
            logits[i] = (float) (3 * random.nextGaussian());
        }
        float[] ids = new float[100];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = sample();
        }
        Outputs.keep(ids);
    }

    /** Samples one id. */
    @Benchmark
    public int sample() {
        return sampler.sample(logits);
    }
}
