package io.github.t6j.cli;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** How well ids were predicted: their mean negative log-likelihood in nats, the perplexity, and standard errors of both. */
final class Perplexity {
    /** Values from here on are printed with a power of ten. */
    private static final double LONGEST = 1e7;

    private int count;
    private double total;
    private double squares;

    void add(double nll) {
        count++;
        total += nll;
        squares += nll * nll;
    }

    /**
     * Adds the negative log-likelihood of {@code ids[index]}.
     *
     * @param where what the ids are of
     * @throws CommandFailure if it is no number
     */
    void add(float logProbability, int[] ids, int index, String where) {
        if (!Float.isFinite(logProbability)) {
            throw new CommandFailure(where + ": expected a log-likelihood of token " + index + " (id " + ids[index]
                    + "), found " + logProbability + "; the model produced it: are its weights damaged?");
        }
        add(-logProbability);
    }

    void add(Perplexity others) {
        count += others.count;
        total += others.total;
        squares += others.squares;
    }

    /** Adds those of a text of which only {@link #fields} are there. */
    void add(Map<String, Object> fields) {
        long scored = (Long) fields.get("scored");
        double mean = ((Number) fields.get("nll")).doubleValue();
        double error = error(fields.get("nll_stderr"));
        double variance = scored > 1 ? error * error * scored : 0;
        count += Math.toIntExact(scored);
        total += mean * scored;
        squares += variance * (scored - 1) + mean * mean * scored;
    }

    int count() {
        return count;
    }

    private double mean() {
        return total / count;
    }

    /** As if the ids were independent, by the deviation of a sample; NaN of a single one. */
    private double meanError() {
        double variance = Math.max(0, squares - total * mean()) / (count - 1);
        return Math.sqrt(variance / count);
    }

    /** The perplexity. */
    double value() {
        return Math.exp(mean());
    }

    /** To first order: the derivative of exp is exp. */
    private double valueError() {
        return value() * meanError();
    }

    /** The perplexity and its error, for the person who waits; nothing before the first id. */
    String line() {
        return count == 0 ? "" : measured(value(), valueError());
    }

    /**
     * What is printed.
     *
     * @param tokens of the text
     * @param bytes of the text
     */
    Map<String, Object> fields(long tokens, long bytes) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("tokens", tokens);
        fields.put("scored", (long) count);
        fields.put("nll", mean());
        fields.put("nll_stderr", orNull(meanError()));
        fields.put("perplexity", orNull(value()));
        fields.put("perplexity_stderr", orNull(valueError()));
        fields.put("bits_per_byte", total / Math.log(2) / bytes);
        return fields;
    }

    /** Lines for people: each number with its error. */
    static String lines(Map<String, Object> fields) {
        StringBuilder lines = new StringBuilder();
        fields.forEach((name, value) -> {
            if (!name.endsWith("_stderr")) {
                lines.append(String.format(Locale.ROOT, "%-14s %s%n", name,
                        switch (value) {
                            case Double number -> measured(number, error(fields.get(name + "_stderr")));
                            case null -> "over 1.8e308";
                            default -> value;
                        }));
            }
        });
        return lines.toString();
    }

    /** JSON has no NaN and no infinity. */
    private static Double orNull(double value) {
        return Double.isFinite(value) ? value : null;
    }

    private static double error(Object value) {
        return value instanceof Number error ? error.doubleValue() : Double.NaN;
    }

    /** {@code value ± error} with two digits of the error; four decimals of a value whose error nobody knows. */
    static String measured(double value, double error) {
        boolean known = error > 0 && Double.isFinite(error);
        if (value >= LONGEST) {
            return String.format(Locale.ROOT, "%.3e", value)
                    + (known ? String.format(Locale.ROOT, " ± %.1e", error) : "");
        }
        if (!known) {
            return String.format(Locale.ROOT, "%.4f", value);
        }
        int decimals = Math.clamp(1 - (int) Math.floor(Math.log10(error)), 0, 9);
        return String.format(Locale.ROOT, "%." + decimals + "f ± %." + decimals + "f", value, error);
    }
}
