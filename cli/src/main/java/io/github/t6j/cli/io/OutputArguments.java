package io.github.t6j.cli.io;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Output options of {@code generate}. */
public final class OutputArguments {
    private static final int MAX_ALTERNATIVES = 100;

    @Option(names = "--no-echo", description = "Do not show the prompt before the continuation on a terminal.")
    private boolean noEcho;

    @Option(names = "--stats",
            description = "Print speed, memory and cache size to standard error.")
    private boolean stats;

    @Option(names = "--json", description = {"Print one JSON object at the end, or with --samples an array.",
        "Its keys are text, finish_reason, tokens (ids), log_probabilities, prompt_tokens, seed, "
                + "prefill_seconds and decode_seconds."})
    private boolean json;

    @Option(names = "--stream",
            description = {"Print one line per token as it is generated, an object with id, text and log_probability.",
                "The object of --json comes last; needs --json."})
    private boolean stream;

    @Option(names = "--logprobs", paramLabel = "N",
            description = "Add the N most likely ids of each position as top_log_probabilities; needs --json.")
    private Integer alternatives;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    public void check(boolean samples) {
        if (alternatives != null) {
            Range.atLeast(spec, "--logprobs", alternatives, 1);
            Range.atMost(spec, "--logprobs", alternatives, MAX_ALTERNATIVES, "the most supported");
        }
        checkJson("--stream", stream, samples);
        checkJson("--logprobs", alternatives != null, samples);
    }

    private void checkJson(String option, boolean given, boolean samples) {
        if (given && (!json || samples)) {
            throw new ParameterException(spec.commandLine(), option + ": expected --json"
                    + (json ? " without --samples, found both" : ", found none"));
        }
    }

    public boolean echo() {
        return !noEcho && !json;
    }

    public boolean stats() {
        return stats;
    }

    public boolean json() {
        return json;
    }

    public boolean stream() {
        return stream;
    }

    /** Returns the number of most likely ids to report for each token, or 0. */
    public int alternatives() {
        return alternatives == null ? 0 : alternatives;
    }
}
