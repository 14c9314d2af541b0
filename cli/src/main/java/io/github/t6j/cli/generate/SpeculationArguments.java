package io.github.t6j.cli.generate;

import io.github.t6j.Speculation;
import io.github.t6j.cli.io.Range;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Option {@code --speculate} of commands that generate. */
public final class SpeculationArguments {
    private static final String NGRAM = "ngram";

    @Option(names = "--speculate", paramLabel = "HOW", defaultValue = "off",
            description = {"Compute several tokens in a pass where the text repeats itself; the result is the same.",
                "ngram or ngram:N with at most N tokens ahead (1 to 15), or off (default: ${DEFAULT-VALUE})."})
    private String how;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    /** @throws ParameterException if the option has no such value */
    public Speculation speculation() {
        if (how.equals("off")) {
            return Speculation.off();
        }
        if (how.equals(NGRAM)) {
            return Speculation.ngrams();
        }
        if (how.startsWith(NGRAM + ":")) {
            try {
                int drafts = Integer.parseInt(how.substring(NGRAM.length() + 1));
                Range.atLeast(spec, "--speculate", drafts, 1);
                Range.atMost(spec, "--speculate", drafts, Speculation.MAX_DRAFTS, "the most in one pass");
                return Speculation.ngrams(drafts);
            } catch (NumberFormatException e) {
                // as any other value
            }
        }
        throw new ParameterException(spec.commandLine(),
                "--speculate: expected ngram, ngram:N or off, found \"" + how + "\"");
    }
}
