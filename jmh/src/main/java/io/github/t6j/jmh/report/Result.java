package io.github.t6j.jmh.report;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Result of a benchmark with one combination of parameters, from JMH's JSON; other keys are ignored. */
record Result(
        String benchmark, String mode, int threads, int forks, String jdkVersion, String vmName, String vmVersion,
        List<String> jvmArgs, int warmupIterations, String warmupTime, int measurementIterations,
        String measurementTime, Map<String, String> params, Metric primaryMetric,
        Map<String, Metric> secondaryMetrics) {

    /** Returns class and method, such as {@code PeakBenchmark.read}. */
    String name() {
        int method = benchmark.lastIndexOf('.');
        return benchmark.substring(benchmark.lastIndexOf('.', method - 1) + 1);
    }

    boolean is(String name) {
        return name().equals(name);
    }

    /** Returns the parameter, or "" if the benchmark has none of that name. */
    String param(String name) {
        return params == null ? "" : params.getOrDefault(name, "");
    }

    int number(String param) {
        return Integer.parseInt(param(param));
    }

    /** Returns the number of threads that compute: the benchmark's own, or JMH's. */
    int computing() {
        return param("threads").isEmpty() ? threads : number("threads");
    }

    /** Returns mean and error of a counter per second; null if the result has none of these names. */
    Measured counter(String... names) {
        for (String name : names) {
            Metric metric = secondaryMetrics == null ? null : secondaryMetrics.get(name);
            if (metric != null) {
                boolean sums = metric.scoreUnit().equals("#"); // an event counter: JMH's score is the sum of shares
                int shares = sums ? metric.rawData().stream().mapToInt(List::size).sum() : 1;
                return new Measured(metric.score(), metric.error() * shares);
            }
        }
        return null;
    }

    /** Returns the seconds of one operation. */
    Measured seconds() {
        double score = primaryMetric.score();
        double error = primaryMetric.error();
        String unit = primaryMetric.scoreUnit();
        if (unit.startsWith("ops/")) {
            double seconds = unitSeconds(unit.substring("ops/".length())) / score;
            return new Measured(seconds, seconds * error / score);
        }
        double scale = unitSeconds(unit.substring(0, unit.indexOf('/')));
        return new Measured(score * scale, error * scale);
    }

    private static double unitSeconds(String unit) {
        return switch (unit) {
            case "ns" -> 1e-9;
            case "us" -> 1e-6;
            case "ms" -> 1e-3;
            case "s" -> 1;
            default -> throw new IllegalArgumentException(
                    "scoreUnit: expected a time in ns, us, ms or s, found " + unit
                            + ": use results of this suite");
        };
    }

    /** Returns the key of the result: two results with the same key are comparable. */
    String key() {
        return name() + (threads == 1 ? "" : " -t " + threads)
                + (params == null ? "" : " " + new TreeMap<>(params).toString().replaceAll("[{},]", ""));
    }
}
