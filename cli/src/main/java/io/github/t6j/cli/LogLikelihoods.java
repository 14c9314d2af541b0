package io.github.t6j.cli;

import java.util.Locale;

/** Negative log-likelihoods of ids, in nats: their mean, the perplexity that it means, and standard errors of both. */
final class LogLikelihoods {
    private int count;
    private double total;
    private double squares;

    void add(double nll) {
        count++;
        total += nll;
        squares += nll * nll;
    }

    void add(LogLikelihoods others) {
        count += others.count;
        total += others.total;
        squares += others.squares;
    }

    int count() {
        return count;
    }

    double total() {
        return total;
    }

    double mean() {
        return total / count;
    }

    /** As if the ids were independent, by the deviation of a sample; NaN of a single one. */
    double meanError() {
        double variance = Math.max(0, squares - total * mean()) / (count - 1);
        return Math.sqrt(variance / count);
    }

    double perplexity() {
        return Math.exp(mean());
    }

    /** To first order: the derivative of exp is exp. */
    double perplexityError() {
        return perplexity() * meanError();
    }

    /** {@code value ± error} with two digits of the error; four decimals of a value whose error nobody knows. */
    static String measured(double value, double error) {
        if (!(error > 0) || !Double.isFinite(error)) {
            return String.format(Locale.ROOT, "%.4f", value);
        }
        int decimals = Math.clamp(1 - (int) Math.floor(Math.log10(error)), 0, 9);
        return String.format(Locale.ROOT, "%." + decimals + "f ± %." + decimals + "f", value, error);
    }
}
