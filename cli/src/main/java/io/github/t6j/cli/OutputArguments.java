package io.github.t6j.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What {@code generate} prints. */
final class OutputArguments {
    private static final int MOST_ALTERNATIVES = 100;

    @Option(names = "--no-echo", description = "Do not show the prompt before its continuation on a terminal.")
    private boolean noEcho;

    @Option(names = "--stats",
            description = "Say on standard error how fast it was, what memory it took and what the cache took.")
    private boolean stats;

    @Option(names = "--json", description = "Print one JSON object at the end: text, finish_reason, tokens (ids), "
            + "log_probabilities, prompt_tokens, seed, prefill_seconds, decode_seconds; an array with --samples.")
    private boolean json;

    @Option(names = "--stream",
            description = "With --json: print each object on one line, first one for each token as it "
                    + "comes, with id, text and log_probability, at the end the whole.")
    private boolean stream;

    @Option(names = "--logprobs", paramLabel = "N",
            description = "With --json: the N likeliest ids in each token's place, as top_log_probabilities.")
    private Integer alternatives;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    void check(boolean samples) {
        if (alternatives != null) {
            Range.atLeast(spec, "--logprobs", alternatives, 1);
            Range.atMost(spec, "--logprobs", alternatives, MOST_ALTERNATIVES, "a bound");
        }
        checkJson("--stream", stream, samples);
        checkJson("--logprobs", alternatives != null, samples);
    }

    private void checkJson(String option, boolean given, boolean samples) {
        if (given && (!json || samples)) {
            throw new ParameterException(spec.commandLine(), option + ": expected --json"
                    + (json ? ", and no --samples, with it" : " with it, found none"));
        }
    }

    boolean echo() {
        return !noEcho && !json;
    }

    boolean stats() {
        return stats;
    }

    boolean json() {
        return json;
    }

    boolean stream() {
        return stream;
    }

    /** How many of the likeliest ids to tell with each token, or 0. */
    int alternatives() {
        return alternatives == null ? 0 : alternatives;
    }
}
