package io.github.t6j.jmh.report;

import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * What the machine gives at most, as PeakBenchmark measured it in the same run, and how near to it a result comes. A suite
 * measures limits at both ends of a run, since memory is faster at times than at others; the higher of the two counts.
 *
 * @param results of the run
 * @param thirdLevel bytes of L3, or 0 where they are not known
 */
record Limits(List<Result> results, long thirdLevel) {
    private static final int SECOND_LEVEL_KILOBYTES = 256;

    /** Least size of a read that comes from memory. */
    private static final int LEAST_MEMORY_KILOBYTES = 262144;

    /**
     * @param share of the limit, 1 at most but for what {@code why} says
     * @param of which limit, the nearest one
     * @param why the share is above 100 %, or empty
     */
    record Fraction(Measured share, String of, String why) {
        String text() {
            return Numbers.percent(share.mean()) + " of " + of + (why.isEmpty() ? "" : ": " + why);
        }

        /** A sentence below a figure that has {@code label}. */
        String note(String label) {
            return "* " + label + ", " + text() + ".";
        }
    }

    /** What was measured of one limit, in the order of the run: at its beginning, and since there is one at its end. */
    record Ends(List<Measured> values) {
        /** The limit. */
        Measured highest() {
            return values.stream().max(Comparator.comparingDouble(Measured::mean)).orElse(null);
        }

        Measured first() {
            return values.getFirst();
        }

        /** Null if it was measured once. */
        Measured last() {
            return values.size() > 1 ? values.getLast() : null;
        }
    }

    /** Bytes per second from memory in {@code threads} threads; no values if they were not measured. */
    Ends memory(int threads) {
        return reads(memoryKilobytes(), threads);
    }

    /** Bytes that each thread read for {@link #memory}, in KiB; 0 if it was not measured. */
    int memoryKilobytes() {
        return results.stream().filter(r -> r.is("PeakBenchmark.read")).mapToInt(r -> r.number("kilobytes"))
                .filter(kilobytes -> kilobytes >= LEAST_MEMORY_KILOBYTES).max().orElse(0);
    }

    /** Bytes per second from L2. */
    Ends secondLevel(int threads) {
        return reads(SECOND_LEVEL_KILOBYTES, threads);
    }

    private Ends reads(int kilobytes, int threads) {
        return new Ends(results.stream().filter(r -> r.is("PeakBenchmark.read") && r.threads() == threads
                && r.number("kilobytes") == kilobytes).map(r -> r.counter("bytes")).toList());
    }

    /** Multiplications and additions per second. */
    Ends multiplyAdd(int threads) {
        return new Ends(results.stream().filter(r -> r.is("PeakBenchmark.multiplyAdd") && r.threads() == threads)
                .map(r -> r.counter("flops")).toList());
    }

    /** Numbers of threads that limits were measured with. */
    List<Integer> threads() {
        return results.stream().filter(r -> r.is("PeakBenchmark.multiplyAdd")).map(Result::threads).distinct().sorted()
                .toList();
    }

    /** The limit that {@code result} comes nearest to; null if none was measured or it counts nothing. */
    Fraction of(Result result) {
        if (Stream.of("Peak", "Tokenizer", "CacheAppend").anyMatch(result.name()::startsWith)) {
            return null; // a limit, and what neither streams from memory nor computes
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
            return "level with it within the errors";
        }
        String when =
                limit.last() == null ? "while the limit was measured, once in this run" : "at both ends of the run";
        return switch (name) {
            case "L2 read" -> "a part lay in L1, which is faster";
            case "multiply-add" -> "the processor's clock was lower " + when;
            default -> "memory was slower " + when
                    + (thirdLevel == 0 ? ", or a part lay in L3, whose size is not known" : "");
        };
    }
}
