package io.github.t6j.jmh.report;

/**
 * A mean and half of its 95 % interval.
 *
 * @param error half of the interval, or NaN if unknown
 */
public record Measured(double mean, double error) {
    double low() {
        return mean - (Double.isNaN(error) ? 0 : error);
    }

    double high() {
        return mean + (Double.isNaN(error) ? 0 : error);
    }

    boolean overlaps(Measured other) {
        return low() <= other.high() && other.low() <= high();
    }

    Measured times(double factor) {
        return new Measured(factor * mean, factor * error);
    }

    /** Returns a time with three digits, its unit, and the error in per cent. */
    public String time() {
        return Numbers.time(mean) + plusMinus();
    }

    /** Returns a rate per second of {@code unit}, such as B/s. */
    public String rate(String unit) {
        return Numbers.rate(mean, unit) + plusMinus();
    }

    /** Returns three digits and the error. */
    public String plain() {
        return Numbers.digits(mean) + plusMinus();
    }

    private String plusMinus() {
        return Double.isNaN(error) ? "" : " ± " + Numbers.percent(error / mean);
    }
}
