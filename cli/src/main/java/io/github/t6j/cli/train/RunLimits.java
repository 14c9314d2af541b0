package io.github.t6j.cli.train;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Limits of a run that its options give. The log records them, so that they stay when the run is lengthened.
 *
 * @param passes maximum number of passes over the data, or null
 * @param tokens maximum number of tokens to train on, or null
 */
record RunLimits(Double passes, Long tokens) {
    private static final String PASSES = "most_passes";
    private static final String TOKENS = "most_tokens";

    /** Returns the limits in an entry of a log, and {@code before} for each that it does not have. */
    static RunLimits of(Map<String, Object> entry, RunLimits before) {
        return new RunLimits(
                entry.get(PASSES) instanceof Number passes ? Double.valueOf(passes.doubleValue()) : before.passes,
                entry.get(TOKENS) instanceof Long tokens ? tokens : before.tokens);
    }

    /** Returns these limits as a log records them. */
    Map<String, Object> entry() {
        Map<String, Object> entry = new LinkedHashMap<>();
        if (passes != null) {
            entry.put(PASSES, passes);
        }
        if (tokens != null) {
            entry.put(TOKENS, tokens);
        }
        return entry;
    }

    /** Returns these limits as options. */
    String text() {
        return Stream.of(passes == null ? "" : "--passes " + passes, tokens == null ? "" : "--tokens " + tokens)
                .filter(option -> !option.isEmpty()).collect(Collectors.joining(" "));
    }

    /** Returns these limits, with missing ones taken from {@code before}. */
    RunLimits over(RunLimits before) {
        return of(entry(), before);
    }

    /**
     * Returns the maximum number of steps; {@link Long#MAX_VALUE} without a limit.
     *
     * @param ofStep tokens of a step
     * @param size tokens of the data
     */
    long steps(long ofStep, long size) {
        long byPasses = passes == null ? Long.MAX_VALUE : (long) Math.ceil(passes * size / ofStep);
        return tokens == null ? byPasses : Math.min(byPasses, tokens / ofStep);
    }
}
