package io.github.t6j.cli.generate;

import io.github.t6j.Model;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.io.Range;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Option for the length of a context, of commands that generate text. */
public final class ContextArguments {
    @Option(names = {"-c", "--context"}, paramLabel = "N",
            description = {"Number of tokens for prompt and continuation",
                "(default: the trained length, or as many as memory holds)."})
    private Integer context;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    public void check() {
        if (context != null) {
            Range.atLeast(spec, "--context", context, 1);
        }
    }

    /** Returns {@code options} with this length; prints a note if it exceeds the trained length. */
    public SessionOptions over(SessionOptions options, Model model, Main main) {
        int trained = model.info().sizes().contextLength();
        if (context != null && context > trained) {
            main.note("note: --context " + context + " exceeds the " + trained
                    + " positions that the model was trained on; text beyond them may be worse");
        }
        return options.withContextLength(context == null ? 0 : context);
    }

    /** Prints a note if memory cannot hold the trained length. */
    public void noteShort(Model model, Session session, Main main) {
        int trained = model.info().sizes().contextLength();
        if (context == null && session.contextLength() < trained) {
            main.note(
                    "note: the context has only " + session.contextLength() + " of the " + trained
                            + " tokens that the model was trained on: memory holds no more");
        }
    }
}
