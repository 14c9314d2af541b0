package io.github.t6j.jmh.suite;

import io.github.t6j.jmh.Outputs;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.ScalarResult;

/** Reports the kernels of a fork and the hash of their output to the JVM that started it, which only takes numbers. */
public final class EvidenceProfiler implements InternalProfiler {
    /** Name of the hash among JMH's secondary results. */
    static final String HASH = "output.hash";

    /** Beginning of the name of a secondary result without a meaningful number; the kernels follow. */
    static final String KERNELS = "kernels: ";

    /** Made by JMH. */
    public EvidenceProfiler() {}

    @Override
    public String getDescription() {
        return "kernels and hashes of outputs";
    }

    @Override
    public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {}

    @Override
    public Collection<ScalarResult> afterIteration(
            BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
        List<ScalarResult> evidence = new ArrayList<>();
        if (Outputs.hash() >= 0) {
            evidence.add(new ScalarResult(HASH, Outputs.hash(), "CRC-32C", AggregationPolicy.AVG));
        }
        if (!Outputs.kernels().isEmpty()) {
            evidence.add(new ScalarResult(KERNELS + Outputs.kernels(), 1, "forks", AggregationPolicy.MAX));
        }
        return evidence;
    }
}
