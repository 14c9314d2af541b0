package io.github.t6j.jmh.load;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Quantiles of measured times, and their text in tables. */
final class Times {
    private Times() {}

    /** Returns the smallest number in {@code sorted} that is at least as large as this share of them. */
    static double quantile(List<Double> sorted, double share) {
        return sorted.get(Math.max(0, (int) Math.ceil(share * sorted.size()) - 1));
    }

    /** Returns the median and the 99 % quantile, such as "5.1 ms, 1.20 s". */
    static String medianAnd99(Stream<Double> times) {
        List<Double> sorted = times.sorted().toList();
        return sorted.isEmpty() ? "–" : text(quantile(sorted, 0.5)) + ", " + text(quantile(sorted, 0.99));
    }

    static String text(double seconds) {
        return seconds < 1
                ? String.format(Locale.ROOT, "%.1f ms", seconds * 1e3)
                : String.format(Locale.ROOT, "%.2f s", seconds);
    }
}
