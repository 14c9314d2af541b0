package io.github.t6j.jmh.report;

import java.util.Locale;

/** Formats numbers in tables and figures: three digits and a unit, a decimal point, no thousands separator. */
final class Numbers {
    private Numbers() {}

    /** Formats a number with three digits; all digits before the point are kept. */
    static String digits(double value) {
        String format = value >= 99.95 || value == 0
                ? "%.0f"
                : value >= 9.995 ? "%.1f" : value >= 0.0995 ? "%.2f" : "%.2g";
        return String.format(Locale.ROOT, format, value);
    }

    /** Formats a whole number, such as of tokens or bytes. */
    static String whole(double value) {
        return String.format(Locale.ROOT, "%.0f", value);
    }

    /** Formats a time given in seconds. */
    static String time(double seconds) {
        return scaled(seconds, new double[] {1, 1e-3, 1e-6, 1e-9}, new String[] {"s", "ms", "µs", "ns"});
    }

    /** Formats a rate per second of {@code unit}, such as B/s. */
    static String rate(double perSecond, String unit) {
        return scaled(perSecond, new double[] {1e12, 1e9, 1e6, 1e3, 1}, new String[] {"T", "G", "M", "k", ""}) + unit;
    }

    /** Formats a size of caches or data, in binary units. */
    static String size(long bytes) {
        double gigabyte = 1L << 30;
        return scaled(bytes, new double[] {gigabyte, 1 << 20, 1 << 10, 1}, new String[] {"GiB", "MiB", "KiB", "B"});
    }

    /** Formats a ratio. */
    static String factor(double ratio) {
        return digits(ratio) + " ×";
    }

    /** Formats a share, from 0 to 1, in whole per cents. */
    static String percent(double share) {
        return String.format(Locale.ROOT, "%.0f %%", 100 * share);
    }

    static String threads(int threads) {
        return threads == 1 ? "1 thread" : threads + " threads";
    }

    static String cores(int cores) {
        return cores == 1 ? "1 core" : cores + " cores";
    }

    private static String scaled(double value, double[] scales, String[] units) {
        int i = 0;
        while (i < scales.length - 1 && value < 0.9995 * scales[i]) { // a value that rounds to 1000 uses the next unit
            i++;
        }
        return digits(value / scales[i]) + " " + units[i];
    }
}
