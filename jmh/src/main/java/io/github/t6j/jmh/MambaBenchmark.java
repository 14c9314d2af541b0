package io.github.t6j.jmh;

import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.LayerPlace;
import io.github.t6j.attention.mamba.MambaConfig;
import io.github.t6j.attention.mamba.MambaMixer;
import io.github.t6j.attention.mamba.MambaWeights;
import io.github.t6j.cache.SequenceCache;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.HeadStep;
import io.github.t6j.kernels.Workers;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * One layer's Mamba-3 mixer of Olala (48 heads, state of 64 × 128, rank 4), from projections to its output: a token of
 * a generation, or the rows of a prompt's pass. Bytes count the states, read and written; operations count the
 * recurrence as it is defined, 3 · rank + 3 multiply-adds for each element of S.
 */
public class MambaBenchmark extends KernelBenchmark {
    /** Rows of a pass. */
    @Param({"1", "128"})
    public int rows;

    /** Place of the states before a step: memory, with many layers used alternately, or cached, with one. */
    @Param("memory")
    public String residency;

    MambaConfig config = new MambaConfig(48, 64, 128, 4, 1e-6f);
    MambaMixer mixer;
    AttentionPass pass;
    float[] projections; // [rows][stride]
    private SequenceCache cache;
    private AttentionAlgorithm algorithm;
    private Workers workers;
    private LayerPlace[] places; // [layers]
    private int layer;

    /** Fills states and projections with seeded numbers and warms up the kernels. */
    @Setup
    public void prepare() {
        fill();
        cache.fill(100, 1);
        Outputs.keep(outputs());
        BenchmarkSupport.warm(this::mix);
    }

    void fill() {
        mixer = new MambaMixer(config, weights(config));
        int layers = BenchmarkSupport.copies(residency, 4L * mixer.stateElements());
        BenchmarkSupport.checkFits("states", 8L * layers * mixer.stateElements());
        workers = new Workers(threads);
        places = BenchmarkSupport.places(layers);
        cache = mixer.newCache(Format.F32, layers);
        algorithm = mixer.newAlgorithm(BenchmarkSupport.kernels(kernels), workers, Arena.ofAuto());
        algorithm.bind(cache);
        pass = AttentionPass.of(mixer, rows, 0);
        pass.rows = rows;
        projections = BenchmarkSupport.floats(rows * pass.stride, new SplittableRandom(2));
        cache.reserve(0, rows);
    }

    private static MambaWeights weights(MambaConfig config) {
        SplittableRandom random = new SplittableRandom(3);
        int keys = config.heads() * config.ranks() * config.stateDim();
        int values = config.heads() * config.ranks() * config.headDim();
        float[] gain = new float[config.stateDim()];
        Arrays.fill(gain, 1f);
        return new MambaWeights(
                gain, gain,
                new HeadStep.Weights(
                        BenchmarkSupport.floats(keys, random), BenchmarkSupport.floats(keys, random),
                        BenchmarkSupport.floats(values, random), BenchmarkSupport.floats(values, random),
                        BenchmarkSupport.floats(values, random)),
                BenchmarkSupport.floats(config.heads(), random), BenchmarkSupport.floats(config.heads(), random), null);
    }

    /** Computes a layer's rows. */
    @Benchmark
    public float[] step(Rates rates) {
        rates.add(2L * Float.BYTES * mixer.stateElements(), flops());
        return mix();
    }

    private long flops() {
        return 2L * rows * config.heads() * config.headDim() * config.stateDim() * (3 * config.ranks() + 3);
    }

    /** Computes two passes of another cache of one layer; the second reads the states that the first wrote. */
    float[][] outputs() {
        float[][] outputs = new float[2][];
        try (SequenceCache other = mixer.newCache(Format.F32, 1)) {
            other.fill(100, 1);
            algorithm.bind(other);
            for (int i = 0; i < outputs.length; i++) {
                other.reserve(100 + i * rows, 100 + (i + 1) * rows);
                attend(places[0]);
                outputs[i] = pass.output.clone();
                other.commit();
            }
        }
        algorithm.bind(cache);
        return outputs;
    }

    private void attend(LayerPlace place) {
        System.arraycopy(projections, 0, pass.projections, 0, projections.length); // which the mixer norms in place
        pass.setLayer(mixer, place);
        algorithm.attend(pass);
    }

    /** Computes the rows of the next layer; after the last layer, the next pass begins. */
    float[] mix() {
        attend(places[layer]);
        layer = (layer + 1) % places.length;
        if (layer == 0) {
            cache.commit();
        }
        return pass.output;
    }

    /** Frees the states. */
    @TearDown
    public void close() {
        cache.close();
        workers.close();
    }
}
