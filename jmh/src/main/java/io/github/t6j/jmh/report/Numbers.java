package io.github.t6j.jmh.report;

import java.util.Locale;

/** How numbers are written, in tables and figures alike: three digits and a unit, a decimal point, nothing between thousands. */
final class Numbers {
    private Numbers() {}

    /** A number with three digits; all of those before the point. */
    static String digits(double value) {
        String format = value >= 99.95 || value == 0
                ? "%.0f"
                : value >= 9.995 ? "%.1f" : value >= 0.0995 ? "%.2f" : "%.2g";
        return String.format(Locale.ROOT, format, value);
    }

    /** A whole number, such as of tokens or bytes. */
    static String whole(double value) {
        return String.format(Locale.ROOT, "%.0f", value);
    }

    /** A time, given in seconds. */
    static String time(double seconds) {
        return scaled(seconds, new double[] {1, 1e-3, 1e-6, 1e-9}, new String[] {"s", "ms", "µs", "ns"});
    }

    /** A number per second of {@code unit}, such as B/s. */
    static String rate(double perSecond, String unit) {
        return scaled(perSecond, new double[] {1e12, 1e9, 1e6, 1e3, 1}, new String[] {"T", "G", "M", "k", ""}) + unit;
    }

    /** A size of caches and of what passes over them, in binary units. */
    static String size(long bytes) {
        double gigabyte = 1L << 30;
        return scaled(bytes, new double[] {gigabyte, 1 << 20, 1 << 10, 1}, new String[] {"GiB", "MiB", "KiB", "B"});
    }

    /** How many times as much. */
    static String factor(double ratio) {
        return digits(ratio) + " ×";
    }

    /** Whole per cents of a share, of which 1 is all. */
    static String percent(double share) {
        return String.format(Locale.ROOT, "%.0f %%", 100 * share);
    }

    private static String scaled(double value, double[] scales, String[] units) {
        int i = 0;
        while (i < scales.length - 1 && value < 0.9995 * scales[i]) { // what rounds to 1000 is 1 of the next unit
            i++;
        }
        return digits(value / scales[i]) + " " + units[i];
    }
}
