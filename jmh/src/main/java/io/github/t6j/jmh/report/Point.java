package io.github.t6j.jmh.report;

import java.util.Map;
import java.util.stream.Collectors;

/**
 * A combination of parameters to measure.
 *
 * @param benchmark class and method, such as {@code PeakBenchmark.read}
 * @param jmhThreads threads that call it
 */
record Point(String benchmark, int jmhThreads, Map<String, String> params) {
    /** Returns a label for progress. */
    String label() {
        return benchmark.replace("Benchmark", "") + params.entrySet().stream()
                .map(param -> " " + param.getKey() + "=" + param.getValue()).collect(Collectors.joining())
                + (jmhThreads == 1 ? "" : " on " + jmhThreads + " threads");
    }
}
