package io.github.t6j.jmh.report;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.openjdk.jmh.util.ListStatistics;

/** Result of a benchmark with one combination of parameters, from JMH's JSON; other keys are ignored. */
public record Result(
        String benchmark, String mode, int threads, int forks, String jdkVersion, String vmName, String vmVersion,
        List<String> jvmArgs, int warmupIterations, String warmupTime, int measurementIterations,
        String measurementTime, Map<String, String> params, Metric primaryMetric,
        Map<String, Metric> secondaryMetrics, Evidence evidence) {

    /** Ratio of the slowest fork to the fastest above which a result is marked. */
    private static final double MAX_RATIO = 1.1;

    /** Bytes that JMH itself may allocate during an iteration. */
    private static final double OWN_BYTES = 64 << 10;

    /**
     * Evidence that a suite adds to JMH's results; null in other files and in files of earlier versions.
     *
     * @param point combination of parameters that the suite names
     * @param kernels kernels of the forks, or null
     * @param outputs different hashes of the forks' output, or null
     * @param again true if the forks of the first measurement differed by more than 10 %
     */
    public record Evidence(String point, String kernels, List<String> outputs, boolean again) {}

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
        /** Returns the mean of each fork. */
        double[] forks() {
            return rawData.stream()
                    .mapToDouble(fork -> fork.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN))
                    .toArray();
        }

        /**
         * Returns half of the 95 % interval around the mean, over forks, or over the iterations of a single fork; NaN
         * for a single iteration.
         */
        double error() {
            double[] all = rawData.size() > 1
                    ? forks()
                    : rawData.stream().flatMap(List::stream).mapToDouble(Double::doubleValue).toArray();
            return all.length < 2 ? Double.NaN : new ListStatistics(all).getMeanErrorAt(0.95);
        }
    }

    /** Returns mean and error of a counter per second; null if the result has none of these names. */
    public Measured counter(String... names) {
        if (is("PeakBenchmark.read") && List.of(names).contains("bytes")) {
            return reads();
        }
        return Stream.of(names).filter(name -> secondaryMetrics != null && secondaryMetrics.containsKey(name))
                .findFirst()
                .map(secondaryMetrics::get).map(metric -> {
                    boolean sums = metric.scoreUnit.equals("#"); // an event counter: JMH's score is the sum of shares
                    int shares = sums ? metric.rawData.stream().mapToInt(List::size).sum() : 1;
                    return new Measured(metric.score, metric.error() * shares);
                }).orElse(null);
    }

    /**
     * Returns the bytes that all threads read per second, by the score. Counters of several threads include what the
     * threads do while they wait for each other before and after an iteration: with reads of 35 ms, 1.8 times as much.
     */
    private Measured reads() {
        Measured seconds = seconds();
        double rate = 1024.0 * number("kilobytes") / seconds.mean();
        return new Measured(rate, rate * seconds.error() / seconds.mean());
    }

    /** Returns the ratio of the slowest fork's mean to the fastest one's; 1 for a single fork. */
    double forkRatio() {
        double[] means = DoubleStream.of(primaryMetric.forks()).sorted().toArray();
        return means[means.length - 1] / means[0];
    }

    /** Returns true if forks differ by more than 10 %. */
    public boolean isMarked() {
        return forkRatio() > MAX_RATIO;
    }

    /** Returns the difference of the slowest fork and the fastest, or a dash for a single fork. */
    public String spread() {
        return forks == 1 ? "–" : Numbers.percent(forkRatio() - 1);
    }

    /** Returns a number of this result with a dagger if the result is marked. */
    String marked(String number) {
        return number + (isMarked() ? " †" : "");
    }

    /** Returns the time with a dagger if the result is marked. */
    public String markedTime() {
        return marked(seconds().time());
    }

    /** Returns the tokens per second with a dagger if the result is marked. */
    public String markedTokens() {
        return marked(counter("tokensPerSecond").plain());
    }

    /** Returns the times of an operation in each fork, or in each iteration of a single fork, the fastest first. */
    public String times() {
        DoubleStream values = forks > 1
                ? DoubleStream.of(primaryMetric.forks())
                : primaryMetric.rawData().stream().flatMap(List::stream).mapToDouble(Double::doubleValue);
        return values.map(this::seconds).sorted().mapToObj(Numbers::time).collect(Collectors.joining(", "));
    }

    /**
     * Returns the bytes that an operation allocates in the steady state, by JMH's -prof gc and without JMH's own; a dash
     * if unknown. C2 may still compile in the first iterations of a fork, and JMH allocates more in the last: the least
     * iteration counts, of the fork with the most.
     */
    public String allocated() {
        OptionalDouble bytes = Stream.of("gc.alloc.rate.norm", "·gc.alloc.rate.norm")
                .map(secondaryMetrics == null ? Map.<String, Metric>of()::get : secondaryMetrics::get)
                .filter(Objects::nonNull).flatMap(metric -> metric.rawData.stream()).mapToDouble(Collections::min)
                .max();
        if (bytes.isEmpty()) {
            return "–";
        }
        String[] time = measurementTime.split(" ");
        double operations = Double.parseDouble(time[0]) * unitSeconds(time[1]) / seconds().mean();
        return bytes.getAsDouble() * Math.max(1, operations) <= OWN_BYTES
                ? "0 B"
                : Numbers.size(Math.round(bytes.getAsDouble()));
    }

    /** Returns a counter of perf, such as instructions, for each byte that the benchmark reads; a dash if unknown. */
    public String perByte(String event) {
        Measured count = counter(event, event + ":u");
        Measured bytes = counter("bytesPerSecond", "bytes");
        return count == null || bytes == null || bytes.mean() == 0
                ? "–"
                : Numbers.digits(count.mean() / (bytes.mean() * seconds().mean()));
    }

    /** Returns the hash of the output; several if forks computed different numbers, a dash if unknown. */
    public String outputs() {
        return evidence == null || evidence.outputs == null ? "–" : String.join(" ≠ ", evidence.outputs);
    }

    /** Returns the kernels of the forks, or a dash. */
    public String kernels() {
        return evidence == null || evidence.kernels == null ? "–" : evidence.kernels;
    }

    /** Returns the seconds of one operation. */
    public Measured seconds() {
        double score = primaryMetric.score;
        double error = primaryMetric.error();
        String unit = primaryMetric.scoreUnit;
        if (unit.startsWith("ops/")) {
            double seconds = seconds(score);
            return new Measured(seconds, seconds * error / score);
        }
        return new Measured(score, error).times(seconds(1));
    }

    /** Returns the seconds of one operation with this score. */
    private double seconds(double score) {
        String unit = primaryMetric.scoreUnit;
        return unit.startsWith("ops/")
                ? unitSeconds(unit.substring("ops/".length())) / score
                : unitSeconds(unit.substring(0, unit.indexOf('/'))) * score;
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
