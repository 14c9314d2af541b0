package io.github.t6j.jmh.report;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.openjdk.jmh.util.ListStatistics;

/** Result of a benchmark with one combination of parameters, from JMH's JSON; other keys are ignored. */
public record Result(
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
    public String param(String name) {
        return params == null ? "" : params.getOrDefault(name, "");
    }

    int number(String param) {
        return Integer.parseInt(param(param));
    }

    /** Returns the number of threads that compute: the benchmark's own, or JMH's. */
    int computing() {
        return param("threads").isEmpty() ? threads : number("threads");
    }

    /**
     * A score or counter in JMH's format.
     *
     * @param score mean
     * @param scoreUnit unit, such as ns/op
     * @param rawData values, [forks][iterations]
     */
    public record Metric(double score, String scoreUnit, List<List<Double>> rawData) {
        /** Returns half of the 95 % interval around the mean, or NaN for a single iteration. */
        double error() {
            double[] all = rawData.stream().flatMap(List::stream).mapToDouble(Double::doubleValue).toArray();
            return all.length < 2 ? Double.NaN : new ListStatistics(all).getMeanErrorAt(0.95);
        }
    }

    /** Returns mean and error of a counter per second; null if the result has none of these names. */
    public Measured counter(String... names) {
        return Stream.of(names).filter(name -> secondaryMetrics != null && secondaryMetrics.containsKey(name))
                .findFirst()
                .map(secondaryMetrics::get).map(metric -> {
                    boolean sums = metric.scoreUnit.equals("#"); // an event counter: JMH's score is the sum of shares
                    int shares = sums ? metric.rawData.stream().mapToInt(List::size).sum() : 1;
                    return new Measured(metric.score, metric.error() * shares);
                }).orElse(null);
    }

    /** Returns the seconds of one operation. */
    public Measured seconds() {
        double score = primaryMetric.score;
        double error = primaryMetric.error();
        String unit = primaryMetric.scoreUnit;
        if (unit.startsWith("ops/")) {
            double seconds = unitSeconds(unit.substring("ops/".length())) / score;
            return new Measured(seconds, seconds * error / score);
        }
        return new Measured(score, error).times(unitSeconds(unit.substring(0, unit.indexOf('/'))));
    }

    private static double unitSeconds(String unit) {
        return switch (unit) {
            case "ns" -> 1e-9;
            case "us" -> 1e-6;
            case "ms" -> 1e-3;
            case "s" -> 1;
            default -> throw new IllegalArgumentException("scoreUnit: expected a time in ns, us, ms or s, found " + unit
                    + ": use results of this suite");
        };
    }

    /** Returns the key of the result: two results with the same key are comparable. */
    String key() {
        TreeMap<String, String> compared = new TreeMap<>(params == null ? Map.of() : params);
        compared.remove("magnitude", "1"); // results of versions without this parameter have that value, too
        return name() + (threads == 1 ? "" : " -t " + threads)
                + (params == null ? "" : " " + compared.toString().replaceAll("[{},]", ""));
    }

    /** Returns a rate per second of {@code unit}, or a dash if none was counted by these names. */
    public String rate(String unit, String... counters) {
        Measured counted = counter(counters);
        return counted == null || counted.mean() == 0 ? "–" : counted.rate(unit);
    }

    /** Returns the name of a test of a whole model. */
    public String test() {
        return is("ModelBenchmark.prefill") ? "prefill " + param("tokens") : "decode at " + param("depth");
    }

    String keyWithoutModel() {
        return key().replace("model=" + param("model"), "");
    }

    /** Returns the key without the usual parameters. */
    public String shortKey() {
        return key().replace("Benchmark", "").replace(" kernels=simd", "").replace(" residency=memory", "")
                .replaceAll(" batch=1(?= |$)", "").replaceAll(" model= ", " ");
    }

    String flags() {
        return jvmArgs == null ? "" : String.join(" ", jvmArgs);
    }

    /** Returns the forks and iterations. */
    String method() {
        return forks + (forks == 1 ? " fork, " : " forks, ") + warmupIterations + " × " + warmupTime + " warm-up, "
                + measurementIterations + " × " + measurementTime + " measured";
    }
}
