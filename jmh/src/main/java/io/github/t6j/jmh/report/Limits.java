package io.github.t6j.jmh.report;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Limits of the machine, measured by PeakBenchmark in the same run, and each result's share of its nearest limit. A
 * suite measures limits at both ends of a run, since the speed of memory varies; the higher of the two counts.
 *
 * @param thirdLevel bytes of L3, or 0 if unknown
 */
public record Limits(List<Result> results, long thirdLevel) {
    private static final int SECOND_LEVEL_KILOBYTES = 256;

    /** Smallest size of a read that comes from memory. */
    private static final int MIN_MEMORY_KILOBYTES = 262144;

    /**
     * A share of a limit.
     *
     * @param share share, at most 1 except for the reason {@code why}
     * @param of name of the nearest limit
     * @param reason reason for a share above 100 %, or empty
     * @param isMarked true if forks of the result, or of the limit, differ by more than 10 %
     */
    public record Fraction(double share, String of, String reason, boolean isMarked) {
        @Override
        public String toString() {
            return Numbers.percent(share) + (isMarked ? " †" : "") + " of " + of
                    + (reason.isEmpty() ? "" : ": " + reason);
        }
    }

    /** Measurements of one limit, in the order of the run: at its beginning, and in newer runs at its end. */
    record Ends(List<Result> results, String counter) {
        private Optional<Result> best() {
            return results.stream().max(Comparator.comparingDouble(result -> result.counter(counter).mean()));
        }

        /** Returns the limit; null if it was not measured. */
        Measured highest() {
            return best().map(result -> result.counter(counter)).orElse(null);
        }

        /** Returns the limit with its unit, and a dagger if its forks differ by more than 10 %. */
        String text(String unit) {
            return best().map(result -> rate(result, unit)).orElse("–");
        }

        private String rate(Result result, String unit) {
            return result.marked(result.counter(counter).rate(unit));
        }

        boolean isOnce() {
            return results.size() == 1;
        }

        boolean isMarked() {
            return best().stream().anyMatch(Result::isMarked);
        }
    }

    private Ends ends(String benchmark, int threads, int kilobytes, String counter) {
        return new Ends(results.stream().filter(r -> r.is(benchmark) && r.threads() == threads
                && (kilobytes == 0 || r.number("kilobytes") == kilobytes)).toList(), counter);
    }

    /** Returns bytes per second from memory in {@code threads} threads; no values if not measured. */
    Ends memory(int threads) {
        int kilobytes = memoryKilobytes();
        return kilobytes == 0 ? new Ends(List.of(), "bytes") : ends("PeakBenchmark.read", threads, kilobytes, "bytes");
    }

    /** Returns the KiB that each thread read for {@link #memory}; 0 if not measured. */
    int memoryKilobytes() {
        return results.stream().filter(r -> r.is("PeakBenchmark.read")).mapToInt(r -> r.number("kilobytes"))
                .filter(kilobytes -> kilobytes >= MIN_MEMORY_KILOBYTES).max().orElse(0);
    }

    private Ends secondLevel(int threads) {
        return ends("PeakBenchmark.read", threads, SECOND_LEVEL_KILOBYTES, "bytes");
    }

    /** Returns multiplications and additions per second. */
    Ends multiplyAdd(int threads) {
        return ends("PeakBenchmark.multiplyAdd", threads, 0, "flops");
    }

    /** A limit in the report: its measurements at both ends of the run. */
    public record Row(String name, String threads, String first, String last) {
        private static Stream<Row> of(String name, int threads, Ends ends, String unit) {
            List<String> rates = ends.results.stream().map(result -> ends.rate(result, unit)).toList();
            return rates.isEmpty()
                    ? Stream.of()
                    : Stream.of(new Row(name, Numbers.threads(threads), rates.getFirst(),
                            rates.size() == 1 ? "not measured" : rates.getLast()));
        }
    }

    /** Returns the limits for each number of threads. */
    public List<Row> rows() {
        String memory = "read from memory (" + Numbers.size(memoryKilobytes() * 1024L) + ")";
        return results.stream().filter(r -> r.is("PeakBenchmark.multiplyAdd")).map(Result::threads).distinct().sorted()
                .flatMap(threads -> Stream.of(Row.of(memory, threads, memory(threads), "B/s"),
                        Row.of("read from L2 (256 KiB)", threads, secondLevel(threads), "B/s"),
                        Row.of("f32 multiply-add", threads, multiplyAdd(threads), "FLOP/s")).flatMap(rows -> rows))
                .toList();
    }

    /** Returns {@code result}'s share of the limit that it comes nearest to; null if that is unknown. */
    public Fraction of(Result result) {
        if (Stream.of("Peak", "Tokenizer", "CacheAppend").anyMatch(result.name()::startsWith)) {
            return null; // limits themselves, and benchmarks that neither stream from memory nor compute
        }
        boolean cached = result.param("residency").equals("cached");
        int threads = result.computing();
        Fraction bytes = fraction(result, result.counter("bytesPerSecond", "bytes"),
                cached ? secondLevel(threads) : memory(threads), cached ? "L2 read" : "memory read");
        Fraction flops = fraction(result, result.counter("flopsPerSecond", "flops"), multiplyAdd(threads),
                "multiply-add");
        return flops == null || bytes != null && bytes.share > flops.share ? bytes : flops;
    }

    private Fraction fraction(Result result, Measured counted, Ends limit, String name) {
        Measured highest = limit.highest();
        if (counted == null || counted.mean() == 0 || highest == null) {
            return null;
        }
        double share = counted.mean() / highest.mean();
        String reason = Math.round(100 * share) > 100 ? reason(counted, limit, name) : "";
        return new Fraction(share, name, reason, result.isMarked() || limit.isMarked());
    }

    private String reason(Measured counted, Ends limit, String name) {
        String when = limit.isOnce() ? "while the limit was measured, once in this run" : "at both ends of the run";
        return counted.overlaps(limit.highest()) ? "equal within the errors" : switch (name) {
            case "L2 read" -> "a part lay in L1, which is faster";
            case "multiply-add" -> "the processor's clock was lower " + when;
            default -> "memory was slower " + when
                    + (thirdLevel == 0 ? ", or a part lay in L3, whose size is unknown" : "");
        };
    }
}
