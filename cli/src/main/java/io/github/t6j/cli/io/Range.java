package io.github.t6j.cli.io;

import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Checks numbers of the command line; a number out of range is bad usage. */
public final class Range {
    private static final int NO_LIMIT = -1;

    private Range() {}

    public static void atLeast(CommandSpec spec, String option, long value, long min) {
        if (value < min) {
            throw new ParameterException(
                    spec.commandLine(), option + ": expected " + min + " or more, found " + value);
        }
    }

    /** @param reason reason for the limit */
    public static void atMost(CommandSpec spec, String option, long value, long max, String reason) {
        if (value > max) {
            throw new ParameterException(
                    spec.commandLine(), option + ": expected at most " + max + " (" + reason + "), found " + value);
        }
    }

    /**
     * Returns a maximum number of tokens: {@code given}, or for -1, which means no limit, the largest number.
     *
     * @param option option to name in errors
     */
    public static int maxTokens(CommandSpec spec, String option, int given) {
        if (given < NO_LIMIT) {
            throw new ParameterException(spec.commandLine(),
                    option + ": expected 0 or more, or -1 for no limit, found " + given);
        }
        return maxTokens(given);
    }

    /** Returns {@code given}, or for -1 the largest number. */
    public static int maxTokens(int given) {
        return given == NO_LIMIT ? Integer.MAX_VALUE : given;
    }

    /**
     * Returns the result of {@code options}, which checks its own numbers. Its message begins with a parameter's name
     * such as {@code topK}, which is replaced by the option {@code --top-k}.
     */
    public static <T> T checked(CommandSpec spec, Supplier<T> options) {
        return checked(spec, options, Map.of());
    }

    /**
     * Returns the result of {@code options} as {@link #checked(CommandSpec, Supplier)} does.
     *
     * @param names names of options, without their dashes, by the names of parameters that differ
     */
    public static <T> T checked(CommandSpec spec, Supplier<T> options, Map<String, String> names) {
        try {
            return options.get();
        } catch (IllegalArgumentException e) {
            String[] message = e.getMessage().split(":", 2);
            String option =
                    names.getOrDefault(message[0], message[0]).replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
            throw new ParameterException(spec.commandLine(), "--" + option + ":" + message[1], e);
        }
    }
}
