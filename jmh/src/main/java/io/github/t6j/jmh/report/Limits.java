package io.github.t6j.jmh.report;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** What the machine gives at most, as PeakBenchmark measured it in the same run, and how near to it a result comes. */
record Limits(List<Result> results) {
    private static final String MEMORY = "262144";
    private static final String L2 = "256";

    /**
     * @param share of the limit, 1 at most but for noise
     * @param of which limit, the nearest one
     */
    record Fraction(double share, String of) {
        String text() {
            return String.format(Locale.ROOT, "%.0f %% of %s", 100 * share, of);
        }
    }

    /** Bytes per second from memory in {@code threads} threads, or null. */
    Measured memory(int threads) {
        return read(MEMORY, threads);
    }

    /** Bytes per second from L2, or null. */
    Measured secondLevel(int threads) {
        return read(L2, threads);
    }

    private Measured read(String kilobytes, int threads) {
        return results.stream().filter(r -> r.is("PeakBenchmark.read") && r.param("kilobytes").equals(kilobytes)
                && r.threads() == threads).map(r -> r.counter("bytes")).findFirst().orElse(null);
    }

    /** Multiplications and additions per second, or null. */
    Measured multiplyAdd(int threads) {
        return results.stream().filter(r -> r.is("PeakBenchmark.multiplyAdd") && r.threads() == threads)
                .map(r -> r.counter("flops")).findFirst().orElse(null);
    }

    /** Elements of threads that limits were measured with. */
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
        Measured read = cached ? secondLevel(result.computing()) : memory(result.computing());
        Fraction bytes = share(result.counter("bytesPerSecond", "bytes"), read, cached ? "L2 read" : "memory read");
        Fraction flops = share(
                result.counter("flopsPerSecond", "flops"), multiplyAdd(result.computing()), "multiply-add");
        if (bytes == null || flops == null) {
            return bytes == null ? flops : bytes;
        }
        return bytes.share > flops.share ? bytes : flops;
    }

    private static Fraction share(Measured counted, Measured limit, String name) {
        return counted == null || counted.mean() == 0 || limit == null
                ? null
                : new Fraction(counted.mean() / limit.mean(), name);
    }
}
