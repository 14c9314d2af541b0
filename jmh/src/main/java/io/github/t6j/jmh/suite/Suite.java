package io.github.t6j.jmh.suite;

import io.github.t6j.jmh.L3Cache;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A suite: its points, and the time for each.
 *
 * @param warmup iterations of each fork before the measured ones, doubled for benchmarks without their own warm-up
 * @param measured measured iterations of each fork
 */
public record Suite(String name, int forks, Iterations warmup, Iterations measured, List<Point> points) {
    /** Approximate seconds to start a JVM, fill 400 MB of caches or weights, and warm up kernels. */
    private static final double OVERHEAD_SECONDS = 2.7;

    /** The same for training steps, whose steps are longer than an iteration. */
    private static final double STEP_SECONDS = 25;

    /**
     * Benchmarks that C2 compiles quickly. Attention, products and models step until C2 has compiled them, before JMH
     * begins.
     */
    private static final List<String> SMALL = List.of("Peak", "ElementWise", "Sampler", "CacheAppend", "Tokenizer");

    /**
     * A combination of parameters to measure.
     *
     * @param benchmark class and method, such as {@code PeakBenchmark.read}
     * @param jmhThreads threads that call it
     */
    public record Point(String benchmark, int jmhThreads, Map<String, String> params) {
        private Point with(String name, String value) {
            Map<String, String> more = new LinkedHashMap<>(params);
            more.put(name, value);
            return name.equals("-t")
                    ? new Point(benchmark, Integer.parseInt(value), params)
                    : new Point(benchmark,
                            jmhThreads, more);
        }

        /** Returns a label for progress. */
        String label() {
            return benchmark.replace("Benchmark", "") + params.entrySet().stream()
                    .map(param -> " " + param.getKey() + "=" + param.getValue()).collect(Collectors.joining())
                    + (jmhThreads == 1 ? "" : " on " + jmhThreads + " threads");
        }
    }

    /** A number of iterations of equal time. */
    public record Iterations(int count, int millis) {
        double seconds() {
            return count * millis * 1e-3;
        }
    }

    /**
     * Removes duplicate points, such as those for one thread and for all threads on one core; limits stay at both ends.
     */
    public Suite {
        List<Point> once = points.stream().distinct().toList();
        List<Point> limits = once.stream().filter(point -> point.benchmark().startsWith("Peak")).toList();
        points = Stream.concat(once.stream(), limits.stream()).toList();
    }

    /** Returns a suite for this machine. @throws IllegalArgumentException if there is no such suite */
    public static Suite of(String name, int cores) {
        return of(name, cores, L3Cache.bytes());
    }

    /**
     * Reads a suite from the file NAME.txt next to this class: the numbers of forks, warm-up and measured iterations
     * with their milliseconds, then a line for each benchmark with the values of its parameters, which are crossed.
     *
     * @param thirdLevel bytes of L3, or 0 if unknown
     * @throws IllegalArgumentException if there is no such suite
     */
    static Suite of(String name, int cores, long thirdLevel) {
        if (!List.of("quick", "paper", "full", "test").contains(name)) {
            throw new IllegalArgumentException("--suite: expected quick, paper or full, found " + name);
        }
        List<String> lines = lines(name).map(line -> line.replace("CORES", Integer.toString(cores))
                .replace("MEMORY", Long.toString((L3Cache.outOfCache(thirdLevel) + 1023) / 1024))).toList();
        int[] times = Stream.of(lines.getFirst().split("\\D+")).mapToInt(Integer::parseInt).toArray();
        return new Suite(name, times[0], new Iterations(times[1], times[2]), new Iterations(times[3], times[4]),
                lines.stream().skip(1).flatMap(Suite::points).toList());
    }

    private static Stream<String> lines(String name) {
        try (InputStream in = Suite.class.getResourceAsStream(name + ".txt")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().filter(line -> !line.startsWith("#"))
                    .flatMap(line -> line.startsWith("include ") ? lines(line.substring(8)) : Stream.of(line));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** Returns the points of a line: a benchmark, then {@code name=value,value} of each parameter; -t is JMH's. */
    private static Stream<Point> points(String line) {
        String[] words = line.split(" +");
        Stream<Point> crossed = Stream.of(new Point(words[0], 1, Map.of()));
        for (String word : List.of(words).subList(1, words.length)) {
            String[] pair = word.split("=");
            crossed = crossed.flatMap(point -> Stream.of(pair[1].split(",")).map(value -> point.with(pair[0], value)));
        }
        return crossed;
    }

    Iterations warmup(Point point) {
        boolean small = SMALL.stream().anyMatch(point.benchmark()::startsWith);
        return small ? new Iterations(2 * warmup.count, warmup.millis) : warmup;
    }

    /** Estimates the time of a point. Training steps warm up longer, and one may take longer than an iteration. */
    double seconds(Point point) {
        double overhead = point.benchmark().startsWith("TrainingStep") ? STEP_SECONDS : OVERHEAD_SECONDS;
        return forks * (overhead + warmup(point).seconds() + measured.seconds());
    }

    /** Estimates the time of some points. */
    double seconds(List<Point> some) {
        return some.stream().mapToDouble(this::seconds).sum();
    }
}
