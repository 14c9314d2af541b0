package io.github.t6j.jmh.report;

import io.github.t6j.jmh.report.Result.Metric;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Results with given numbers, three iterations each; the first and the last differ from the mean by {@code spread}. */
final class TestResults {
    private TestResults() {}

    static Result peak(int threads, int kilobytes, double bytes) {
        return peak(threads, kilobytes, bytes, 0);
    }

    static Result peak(int threads, int kilobytes, double bytes, double spread) {
        return result("PeakBenchmark.read", threads, Map.of("kilobytes", Integer.toString(kilobytes)),
                metric(bytes / (1024.0 * kilobytes), "ops/s", 1, spread),
                Map.of("bytes", metric(1.8 * bytes, "ops/s", 1, spread))); // also what threads do while they wait
    }

    static Result multiplyAdd(int threads, double flops) {
        return result("PeakBenchmark.multiplyAdd", threads, null, metric(1, "ops/s", 1, 0),
                Map.of("flops", metric(flops, "ops/s", 1, 0)));
    }

    /** Returns a result that takes {@code nanoseconds} per token, with these bytes and operations per token. */
    static Result step(
            String attention, String shape, int context, int threads, double bytes, double flops,
            double nanoseconds) {
        return step(
                Map.of("attention", attention, "shape", shape, "context", Integer.toString(context), "cacheType", "f32",
                        "threads", Integer.toString(threads), "batch", "1", "residency", "memory"),
                bytes, flops, nanoseconds);
    }

    static Result step(Map<String, String> params, double bytes, double flops, double nanoseconds) {
        int context = Integer.parseInt(params.get("context"));
        return result("DecodeAttentionBenchmark.step", 1, params, metric(nanoseconds * context, "ns/op", 1, 0), Map.of(
                "bytesPerSecond", metric(bytes / nanoseconds * 1e9, "#", 3, 0), "flopsPerSecond",
                metric(flops / nanoseconds * 1e9, "#", 3, 0), "cacheBytesPerToken", metric(bytes, "#", 3, 0)));
    }

    /** Returns the result with a score for each fork. */
    static Result withForks(Result r, double... scores) {
        Metric metric = new Metric(Arrays.stream(scores).average().orElseThrow(), r.primaryMetric().scoreUnit(),
                Arrays.stream(scores).mapToObj(List::of).toList());
        return new Result(r.benchmark(), r.mode(), r.threads(), scores.length, r.jdkVersion(), r.vmName(),
                r.vmVersion(), r.jvmArgs(), r.warmupIterations(), r.warmupTime(), r.measurementIterations(),
                r.measurementTime(), r.params(), metric, r.secondaryMetrics(), r.evidence());
    }

    private static Metric metric(double score, String unit, int shares, double spread) {
        double share = score / shares;
        return new Metric(score, unit, List.of(List.of(share * (1 - spread), share, share * (1 + spread))));
    }

    private static Result result(
            String name, int threads, Map<String, String> params, Metric metric, Map<String, Metric> counters) {
        return new Result(
                "a.b." + name, "avgt", threads, 1, "25.0.3", "vm", "25", List.of(), 1, "1 s", 3, "1 s",
                params == null ? null : new TreeMap<>(params), metric, counters, null);
    }
}
