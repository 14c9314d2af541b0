package io.github.t6j.jmh.report;

import java.util.Locale;

/**
 * A mean and half of its 95 % interval.
 *
 * @param error NaN where there is none
 */
record Measured(double mean, double error) {
    double low() {
        return mean - (Double.isNaN(error) ? 0 : error);
    }

    double high() {
        return mean + (Double.isNaN(error) ? 0 : error);
    }

    boolean overlaps(Measured other) {
        return low() <= other.high() && other.low() <= high();
    }

    /** As a time: three digits, its unit, the error in per cent. */
    String time() {
        return scaled(mean, new double[] {1, 1e-3, 1e-6, 1e-9}, new String[] {"s", "ms", "µs", "ns"}) + plusMinus();
    }

    /** As a number per second of {@code unit}, such as B/s. */
    String rate(String unit) {
        return scaled(mean, new double[] {1e12, 1e9, 1e6, 1e3, 1}, new String[] {"T", "G", "M", "k", ""}) + unit
                + plusMinus();
    }

    /** Three digits and the error. */
    String plain() {
        return digits(mean) + plusMinus();
    }

    private String plusMinus() {
        return Double.isNaN(error) ? "" : String.format(Locale.ROOT, " ± %.0f %%", 100 * error / mean);
    }

    private static String scaled(double value, double[] scales, String[] prefixes) {
        for (int i = 0; i < scales.length; i++) {
            if (value >= scales[i] || i == scales.length - 1) {
                return digits(value / scales[i]) + " " + prefixes[i];
            }
        }
        throw new IllegalStateException("no scale");
    }

    /** A number with three digits. */
    static String digits(double value) {
        String format = value >= 100 || value == 0 ? "%.0f" : value >= 10 ? "%.1f" : value >= 0.1 ? "%.2f" : "%.2g";
        return String.format(Locale.ROOT, format, value);
    }
}
