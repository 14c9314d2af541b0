package io.github.t6j.cli.evaluate;

import io.github.t6j.cli.io.CommandFailure;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Statistics of predicted ids: mean negative log-likelihood in nats, perplexity, and standard errors of both. */
public final class Perplexity {
    /** Smallest value that is printed with a power of ten. */
    private static final double LONGEST = 1e7;

    private int count;
    private double total;
    private double squares;

    public void add(double nll) {
        count++;
        total += nll;
        squares += nll * nll;
    }

    /**
     * Adds the negative log-likelihood of {@code ids[index]}.
     *
     * @param where source of the ids, for errors
     * @throws CommandFailure if it is NaN or infinite
     */
    public void add(float logProbability, int[] ids, int index, String where) {
        if (!Float.isFinite(logProbability)) {
            throw new CommandFailure(where + ": expected a finite log-likelihood of token " + index + " (id "
                    + ids[index] + "), found " + logProbability
                    + ", computed by the model: check its weights for damage");
        }
        add(-logProbability);
    }

    public void add(Perplexity added) {
        count += added.count;
        total += added.total;
        squares += added.squares;
    }

    /** Adds the statistics of a text by its {@link #fields}. */
    public void add(Map<String, Object> fields) {
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

    /** Returns the error of the mean from the sample deviation, as if the ids were independent; NaN for a single id. */
    private double meanError() {
        double variance = Math.max(0, squares - total * mean()) / (count - 1);
        return Math.sqrt(variance / count);
    }

    /** Returns the perplexity. */
    double value() {
        return Math.exp(mean());
    }

    /** Returns the error of the perplexity, to first order: the derivative of exp is exp. */
    private double valueError() {
        return value() * meanError();
    }

    /** Returns perplexity and error as progress shows them; empty before the first id. */
    String line() {
        return count == 0 ? "" : measured(value(), valueError());
    }

    /**
     * Returns the fields to print.
     *
     * @param tokens tokens of the text
     * @param bytes bytes of the text
     */
    public Map<String, Object> fields(long tokens, long bytes) {
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

    /** Returns lines for people: each number with its error. */
    public static String lines(Map<String, Object> fields) {
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

    /** Returns null for NaN and infinity, which JSON does not have. */
    private static Double orNull(double value) {
        return Double.isFinite(value) ? value : null;
    }

    private static double error(Object value) {
        return value instanceof Number error ? error.doubleValue() : Double.NaN;
    }

    /** Formats {@code value ± error} with two digits of the error; four decimals if the error is unknown. */
    public static String measured(double value, double error) {
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
