package io.github.t6j.jmh.report;

/**
 * A mean and half of its 95 % interval.
 *
 * @param error half of the interval, or NaN if unknown
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

    /** Returns the share of a limit; the errors are combined as those of independent numbers. */
    Measured of(Measured limit) {
        double share = mean / limit.mean;
        double relative = Math.hypot(relative(), limit.relative());
        return new Measured(share, Double.isNaN(error) ? Double.NaN : share * relative);
    }

    private double relative() {
        return Double.isNaN(error) ? 0 : error / mean;
    }

    Measured times(double factor) {
        return new Measured(factor * mean, factor * error);
    }

    /** Returns a time with three digits, its unit, and the error in per cent. */
    String time() {
        return Numbers.time(mean) + plusMinus();
    }

    /** Returns a rate per second of {@code unit}, such as B/s. */
    String rate(String unit) {
        return Numbers.rate(mean, unit) + plusMinus();
    }

    /** Returns three digits and the error. */
    String plain() {
        return Numbers.digits(mean) + plusMinus();
    }

    private String plusMinus() {
        return Double.isNaN(error) ? "" : " ± " + Numbers.percent(error / mean);
    }
}
