package io.github.t6j.jmh.report;

import io.github.t6j.jmh.L3Cache;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A suite: its points, and the time for each.
 *
 * @param warmup iterations of each fork before the measured ones, doubled for benchmarks without a warm-up of their own
 * @param measured measured iterations of each fork
 */
record Suite(String name, int forks, Iterations warmup, Iterations measured, List<Point> points) {
    /** Approximate seconds to start a JVM, fill 400 MB of caches or weights, and warm up kernels. */
    private static final double OVERHEAD_SECONDS = 2.7;

    /** The same for training steps, whose steps are longer than an iteration. */
    private static final double STEP_SECONDS = 25;

    /**
     * Benchmarks that C2 compiles quickly. Attention, products and models step until C2 has compiled them, before JMH
     * begins.
     */
    private static final List<String> SMALL = List.of("Peak", "ElementWise", "Sampler", "CacheAppend", "Tokenizer");

    /** A number of iterations of equal time. */
    record Iterations(int count, int millis) {
        double seconds() {
            return count * millis * 1e-3;
        }
    }

    /**
     * Removes duplicate points, such as those for one thread and for all threads on one core; limits stay at both ends.
     */
    Suite {
        List<Point> once = points.stream().distinct().toList();
        List<Point> limits = once.stream().filter(point -> point.benchmark().startsWith("Peak")).toList();
        points = Stream.concat(once.stream(), limits.stream()).toList();
    }

    /** Names of the suites, for messages. */
    static final String NAMES = "quick, paper or full";

    /** @throws IllegalArgumentException if there is no such suite */
    static Suite of(String name, int cores) {
        return of(name, cores, L3Cache.bytes());
    }

    /** @param thirdLevel bytes of L3, or 0 if unknown */
    static Suite of(String name, int cores, long thirdLevel) {
        String memory = Long.toString((L3Cache.outOfCache(thirdLevel) + 1023) / 1024);
        return switch (name) {
            case "quick" -> new Suite(name, 1, new Iterations(3, 150), new Iterations(5, 150), quick(cores, memory));
            case "paper" -> new Suite(name, 2, new Iterations(3, 300), new Iterations(4, 400), paper(cores, memory));
            case "full" -> new Suite(name, 3, new Iterations(3, 1000), new Iterations(5, 1000), full(cores, memory));
            case "test" -> new Suite(name, 1, new Iterations(1, 20), new Iterations(2, 20), test());
            default -> throw new IllegalArgumentException("--suite: expected " + NAMES + ", found " + name);
        };
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

    /** Estimates the time of all points. */
    double seconds() {
        return points.stream().mapToDouble(this::seconds).sum();
    }

    /** Points from all combinations of parameters, in the order of the code. */
    private static final class Points {
        private final List<Point> list = new ArrayList<>();

        /** Adds points. @param params a name, then its values separated by commas, and so on */
        Points add(String benchmark, String... params) {
            return addOn(1, benchmark, params);
        }

        Points addOn(int jmhThreads, String benchmark, String... params) {
            List<Map<String, String>> crossed = List.of(Map.of());
            for (int i = 0; i < params.length; i += 2) {
                List<Map<String, String>> longer = new ArrayList<>();
                for (Map<String, String> before : crossed) {
                    for (String value : params[i + 1].split(",")) {
                        Map<String, String> with = new LinkedHashMap<>(before);
                        with.put(params[i], value);
                        longer.add(with);
                    }
                }
                crossed = longer;
            }
            crossed.forEach(combination -> list.add(new Point(benchmark, jmhThreads, combination)));
            return this;
        }

        /** Adds the parts of training steps. */
        Points steps(String threads, String shapes) {
            return add("TrainingStepBenchmark.forward", "threads", threads, "shape", shapes)
                    .add("TrainingStepBenchmark.backward", "threads", threads, "shape", shapes)
                    .add("TrainingStepBenchmark.optimizer", "threads", threads, "shape", shapes);
        }

        /** Adds limits for one thread and for all threads. */
        Points limits(int cores, String kilobytes) {
            for (int threads = 1; threads <= cores; threads += Math.max(1, cores - 1)) {
                addOn(threads, "PeakBenchmark.read", "kilobytes", kilobytes);
                addOn(threads, "PeakBenchmark.multiplyAdd");
            }
            return this;
        }
    }

    private static final String PREFILL = "PrefillAttentionBenchmark.prompt";
    private static final String DECODE = "DecodeAttentionBenchmark.step";
    private static final String ALL = "tpa,tpa_kvonly,mha,mqa,gqa,mla"; // the paper's
    private static final String MORE = "mfa,gta,gla,mlra"; //                at equal heads only
    private static final String PUBLISHED = "tpa,mha,mqa,gqa,mla," + MORE; // shape mlra

    private static final String FULL_CONTEXTS = "256,1024,4096,16384,65536,262144,524288";

    private static List<Point> quick(int cores, String memory) {
        String threads = Integer.toString(cores);
        return new Points().limits(cores, "256," + memory)
                .add(DECODE, "threads", threads, "context", "1024,8192,65536", "attention", ALL)
                .add(DECODE, "threads", threads, "cacheType", "bf16", "context", "8192", "attention", "mha,gqa,tpa")
                .add(DECODE, "threads", threads, "shape", "mlra", "cacheType", "bf16", "context", "8192", "attention",
                        "tpa,gqa,mla,mlra")
                .add(DECODE, "threads", threads, "shape", "small", "context", "8192", "attention", ALL)
                .add(DECODE, "threads", threads, "batch", "8", "context", "8192", "attention", "mha,tpa")
                .add(DECODE, "threads", "1", "context", "8192", "attention", "mha,tpa")
                .add(DECODE, "threads", "1", "residency", "cached", "context", "4096", "attention", "tpa")
                .add(PREFILL, "threads", threads, "tokens", "512", "attention",
                        "mha,mla,tpa")
                .add("ProjectionBenchmark.project", "threads", threads, "shape", "paper", "rows", "1", "form",
                        "mha,materialised,factored")
                .add("MatrixVectorBenchmark.multiply", "threads", threads, "shape", "4096x768", "type", "f32,bf16")
                .add("MatrixMatrixBenchmark.multiply", "threads", threads, "shape", "4096x768", "rows", "128", "type",
                        "f32")
                .add("CacheAppendBenchmark.append", "cacheType", "f32", "attention", "mha,tpa")
                .add("ElementWiseBenchmark.rmsNorm", "width", "2048")
                .add("ElementWiseBenchmark.swiGlu", "width", "2048")
                .add("ElementWiseBenchmark.rope", "width", "2048").add("ElementWiseBenchmark.softmax", "width", "2048")
                .add("SamplerBenchmark.sample", "sampling", "default").add("TokenizerBenchmark.t6j")
                .add("ModelBenchmark.prefill", "threads", threads, "tokens", "512", "model",
                        "t6-small,mha-small,gqa-small")
                .add("ModelBenchmark.decode", "threads", threads, "depth", "1024", "model",
                        "t6-small,mha-small,gqa-small").list;
    }

    private static List<Point> paper(int cores, String memory) {
        String threads = Integer.toString(cores);
        String contexts = "4096,8192,16384,32768,65536,131072,262144,524288";
        Points points = new Points().limits(cores, "256,4096," + memory)
                .add(DECODE, "threads", threads, "context", contexts, "attention", ALL)
                .add(DECODE, "threads", threads, "shape", "paper-1024,paper-3072", "context", "4096,32768,262144",
                        "attention", ALL)
                .add(DECODE, "threads", threads, "cacheType", "bf16", "context", "4096,32768,262144", "attention", ALL)
                .add(DECODE, "threads", threads, "cacheType", "q8,f16", "context", "16384", "attention", "mha,gqa,tpa")
                .add(DECODE, "threads", threads, "batch", "2,4,8,16", "context", "16384", "attention",
                        "mha,gqa,mla,tpa")
                .add(DECODE, "threads", "1", "context", "16384", "attention", ALL)
                .add(DECODE, "threads", "1", "residency", "cached", "context", "1024", "attention",
                        "mqa,gqa,mla,tpa")
                .add(DECODE, "threads", "1", "residency", "cached", "context", "4096", "attention", "mqa,gqa,mla")
                .add(DECODE, "threads", "1," + threads, "residency", "cached", "context", "4096", "shape",
                        "paper,small,d128", "cacheType", "f32,bf16", "attention", "tpa")
                .add(DECODE, "threads", threads, "shape", "small", "context", "1024,16384", "attention", ALL)
                .add(DECODE, "threads", threads, "shape", "medium,xl,d128", "context", "16384", "attention", ALL)
                .add(DECODE, "threads", threads, "context", "16384", "attention", MORE)
                .add(DECODE, "threads", threads, "shape", "mlra", "cacheType", "bf16", "context", "32768", "attention",
                        PUBLISHED)
                .add(PREFILL, "threads", threads, "tokens", "512,2048", "attention", ALL)
                .add(PREFILL, "threads", threads, "tokens", "512", "attention", MORE);
        points.steps(threads, "t6-micro/8x512");
        return others(points, threads, "4096x768,768x2048,50304x768,2048x2048").list;
    }

    /** Adds benchmarks other than attention. */
    private static Points others(Points points, String threads, String matrices) {
        return points
                .add("ProjectionBenchmark.project", "threads", threads, "shape", "paper,small", "rows", "1,128", "form",
                        "mha,materialised,factored")
                .add("MatrixVectorBenchmark.multiply", "threads", threads, "shape", matrices, "type",
                        "f32,bf16,q8_0,q4_0")
                .add("MatrixMatrixBenchmark.multiply", "threads", threads, "shape", matrices, "rows", "128", "type",
                        "f32,bf16,q8_0,q4_0")
                .add("TrainingProductsBenchmark.forward", "threads", threads, "shape", "4096x512x192,2048x2048x768")
                .add("TrainingProductsBenchmark.inputGradient", "threads", threads, "shape",
                        "4096x512x192,2048x2048x768")
                .add("TrainingProductsBenchmark.weightGradient", "threads", threads, "shape",
                        "4096x512x192,2048x2048x768")
                .add("TrainingAttentionBenchmark.forward", "threads", threads, "shape", "8x512x11x32,2x1024x34x64")
                .add("TrainingAttentionBenchmark.backward", "threads", threads, "shape", "8x512x11x32,2x1024x34x64")
                .add("CacheAppendBenchmark.append", "cacheType", "f32,bf16,q8", "attention", "mha,gqa,mla,tpa")
                .add("ElementWiseBenchmark.rmsNorm", "width", "768,2048")
                .add("ElementWiseBenchmark.swiGlu", "width", "768,2048")
                .add("ElementWiseBenchmark.rope", "width", "768,2048")
                .add("ElementWiseBenchmark.softmax", "width", "768,2048")
                .add("SamplerBenchmark.sample", "sampling", "greedy,default,all")
                .add("TokenizerBenchmark.t6j").add("TokenizerBenchmark.jtokkit")
                .add("ModelBenchmark.prefill", "threads", threads, "tokens", "512", "model",
                        "t6-small,mha-small,gqa-small")
                .add("ModelBenchmark.decode", "threads", threads, "depth", "128,1024,4096", "model",
                        "t6-small,mha-small,gqa-small")
                .add("ModelBenchmark.decode", "threads", threads, "type", "q8_0", "cacheType", "bf16", "depth",
                        "128,16384", "model", "t6-small,mha-small,gqa-small");
    }

    /** Hours: all shapes, types and batches at all contexts, with one thread and all threads. */
    private static List<Point> full(int cores, String memory) {
        String threads = cores == 1 ? "1" : "1," + cores;
        Points points = new Points().limits(cores, "256,4096," + memory)
                .add(DECODE, "shape", "paper,paper-1024,paper-3072,d128,small,medium,large,xl", "cacheType",
                        "f32,f16,bf16,q8", "threads", threads, "context",
                        FULL_CONTEXTS, "attention", ALL)
                .add(DECODE, "cacheType", "f32,bf16", "threads", threads, "context", FULL_CONTEXTS, "attention", MORE)
                .add(DECODE, "shape", "mlra", "cacheType", "f32,bf16", "threads", threads, "context", FULL_CONTEXTS,
                        "attention", PUBLISHED)
                .add(DECODE, "batch", "2,4,8,16", "threads", threads, "cacheType", "f32,bf16", "context",
                        "4096,16384,65536", "attention", ALL)
                .add(DECODE, "residency", "cached", "threads", threads, "context", "256,1024,4096", "attention", ALL)
                .add(PREFILL, "shape", "paper,small", "threads", threads, "tokens", "512,2048", "attention", ALL)
                .add(PREFILL, "shape", "paper", "threads", threads, "tokens", "512,2048", "attention", MORE)
                .add(PREFILL, "shape", "mlra", "threads", threads, "tokens", "512,2048", "attention", PUBLISHED);
        points.steps(threads, "t6-micro/8x512");
        return others(points, threads, "980x768,768x2176,4096x768,768x2048,50304x768,2048x2048").list;
    }

    /** Smallest suite, for tests of the report. */
    private static List<Point> test() {
        return new Points().add("PeakBenchmark.multiplyAdd")
                .add(DECODE, "residency", "cached", "context", "64,128", "attention", "tpa").list;
    }
}
