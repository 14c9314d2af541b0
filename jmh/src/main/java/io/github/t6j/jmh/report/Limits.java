package io.github.t6j.jmh.report;

import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Limits of the machine, measured by PeakBenchmark in the same run, and each result's share of its nearest limit. A
 * suite measures limits at both ends of a run, since the speed of memory varies; the higher of the two counts.
 *
 * @param results results of the run
 * @param thirdLevel bytes of L3, or 0 if unknown
 */
record Limits(List<Result> results, long thirdLevel) {
    private static final int SECOND_LEVEL_KILOBYTES = 256;

    /** Smallest size of a read that comes from memory. */
    private static final int LEAST_MEMORY_KILOBYTES = 262144;

    /**
     * A share of a limit.
     *
     * @param share share, at most 1 except for the reason {@code why}
     * @param of name of the nearest limit
     * @param why reason for a share above 100 %, or empty
     */
    record Fraction(Measured share, String of, String why) {
        String text() {
            return Numbers.percent(share.mean()) + " of " + of + (why.isEmpty() ? "" : ": " + why);
        }

        /** Returns a note for a figure that has {@code label}. */
        String note(String label) {
            return "* " + label + ", " + text() + ".";
        }
    }

    /** Measurements of one limit, in the order of the run: at its beginning, and in newer runs at its end. */
    record Ends(List<Measured> values) {
        /** Returns the limit. */
        Measured highest() {
            return values.stream().max(Comparator.comparingDouble(Measured::mean)).orElse(null);
        }

        Measured first() {
            return values.getFirst();
        }

        /** Returns the last measurement; null if there is only one. */
        Measured last() {
            return values.size() > 1 ? values.getLast() : null;
        }
    }

    /** Returns bytes per second from memory in {@code threads} threads; no values if not measured. */
    Ends memory(int threads) {
        return reads(memoryKilobytes(), threads);
    }

    /** Returns the KiB that each thread read for {@link #memory}; 0 if not measured. */
    int memoryKilobytes() {
        return results.stream().filter(r -> r.is("PeakBenchmark.read")).mapToInt(r -> r.number("kilobytes"))
                .filter(kilobytes -> kilobytes >= LEAST_MEMORY_KILOBYTES).max().orElse(0);
    }

    /** Returns bytes per second from L2. */
    Ends secondLevel(int threads) {
        return reads(SECOND_LEVEL_KILOBYTES, threads);
    }

    private Ends reads(int kilobytes, int threads) {
        return new Ends(results.stream().filter(r -> r.is("PeakBenchmark.read") && r.threads() == threads
                && r.number("kilobytes") == kilobytes).map(r -> r.counter("bytes")).toList());
    }

    /** Returns multiplications and additions per second. */
    Ends multiplyAdd(int threads) {
        return new Ends(results.stream().filter(r -> r.is("PeakBenchmark.multiplyAdd") && r.threads() == threads)
                .map(r -> r.counter("flops")).toList());
    }

    /** Returns the numbers of threads that limits were measured with. */
    List<Integer> threads() {
        return results.stream().filter(r -> r.is("PeakBenchmark.multiplyAdd")).map(Result::threads).distinct().sorted()
                .toList();
    }

    /** Returns {@code result}'s share of the limit that it comes nearest to; null if that is unknown. */
    Fraction of(Result result) {
        if (Stream.of("Peak", "Tokenizer", "CacheAppend").anyMatch(result.name()::startsWith)) {
            return null; // limits themselves, and benchmarks that neither stream from memory nor compute
        }
        boolean cached = result.param("residency").equals("cached");
        int threads = result.computing();
        Fraction bytes = fraction(
                result.counter("bytesPerSecond", "bytes"), cached ? secondLevel(threads) : memory(threads),
                cached ? "L2 read" : "memory read");
        Fraction flops = fraction(
                result.counter("flopsPerSecond", "flops"), multiplyAdd(threads), "multiply-add");
        if (bytes == null || flops == null) {
            return bytes == null ? flops : bytes;
        }
        return bytes.share.mean() > flops.share.mean() ? bytes : flops;
    }

    private Fraction fraction(Measured counted, Ends limit, String name) {
        Measured highest = limit.highest();
        if (counted == null || counted.mean() == 0 || highest == null) {
            return null;
        }
        boolean above = Math.round(100 * counted.mean() / highest.mean()) > 100;
        return new Fraction(counted.of(highest), name, above ? why(counted, limit, name) : "");
    }

    private String why(Measured counted, Ends limit, String name) {
        if (counted.overlaps(limit.highest())) {
            return "equal within the errors";
        }
        String when =
                limit.last() == null ? "while the limit was measured, once in this run" : "at both ends of the run";
        return switch (name) {
            case "L2 read" -> "a part lay in L1, which is faster";
            case "multiply-add" -> "the processor's clock was lower " + when;
            default -> "memory was slower " + when
                    + (thirdLevel == 0 ? ", or a part lay in L3, whose size is unknown" : "");
        };
    }
}
