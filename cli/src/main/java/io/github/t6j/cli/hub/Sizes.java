package io.github.t6j.cli.hub;

import java.util.Locale;

/** Formats counts, and byte counts in powers of ten, as the hub's pages do. */
public final class Sizes {
    /** Bytes of a megabyte, as in options and outputs. */
    public static final long MB = 1_000_000;

    private static final String[] UNITS = {"kB", "MB", "GB", "TB", "PB", "EB"};

    private Sizes() {}

    /** Returns the sum of two sizes, neither below 0, without overflow; a hub may list any sizes. */
    static long plus(long a, long b) {
        return a + b < 0 ? Long.MAX_VALUE : a + b;
    }

    /** Returns a count with separators of thousands, such as "3,311,616". */
    public static String count(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    /** Returns a size such as "512 B" or "11.5 GB". */
    public static String of(long bytes) {
        if (bytes < 1000) {
            return bytes + " B";
        }
        double value = bytes / 1000.0;
        int unit = 0;
        while (value >= 999.95) {
            value /= 1000;
            unit++;
        }
        return String.format(Locale.ROOT, "%.1f %s", value, UNITS[unit]);
    }
}
