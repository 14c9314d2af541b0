package io.github.t6j.cli;

import io.github.t6j.Model;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** How long a text may get, for commands that write one. */
final class ContextArguments {
    @Option(names = {"-c", "--context"}, paramLabel = "N",
            description = "Tokens of prompt and continuation that fit (default: the model's block_size).")
    private Integer context;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    void check() {
        if (context != null) {
            Range.atLeast(spec, "--context", context, 1);
        }
    }

    /** {@code options} with this length; a note if the model was not trained on it. */
    SessionOptions over(SessionOptions options, Model model, Main main) {
        int trained = model.info().sizes().contextLength();
        if (context != null && context > trained) {
            main.note("note: --context " + context + " is more than the " + trained
                    + " positions that this model was trained on; text beyond them may get worse");
        }
        return options.withContextLength(context == null ? 0 : context);
    }

    /** A note if memory does not hold what the model was trained on. */
    void noteShort(Model model, Session session, Main main) {
        int trained = model.info().sizes().contextLength();
        if (context == null && session.contextLength() < trained) {
            main.note(
                    "note: the context has " + session.contextLength() + " tokens, what memory holds, of the " + trained
                            + " that this model was trained on");
        }
    }
}
