package io.github.t6j.cli;

import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.SessionOptions;
import io.github.t6j.cli.chat.PromptFormat;
import io.github.t6j.cli.schedule.Limits;
import io.github.t6j.cli.template.ChatTemplate;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code generate} for many prompts. */
final class PromptsArguments {
    @Option(names = "--prompts", paramLabel = "FILE.jsonl",
            description = "Continue many prompts: each line an object with prompt, a text, or messages, and if it wants id, "
                    + "seed and max_tokens. Line i has the seed S + i.")
    private Path prompts;

    @Option(names = "--out", paramLabel = "FILE.jsonl",
            description = "Where the results of --prompts go, in the order of the prompts; what is there is not done again.")
    private Path out;

    @Option(names = "--parallel", paramLabel = "N", defaultValue = "8",
            description = "Prompts of --prompts at once (default: ${DEFAULT-VALUE}).")
    private int parallel;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    boolean given() {
        return prompts != null;
    }

    /** @param others what cannot be together with --prompts, and whether it was given */
    void check(boolean others) {
        if ((prompts == null) != (out == null)) {
            throw new ParameterException(spec.commandLine(), "--prompts and --out: expected both or none");
        }
        if (given() && others) {
            throw new ParameterException(spec.commandLine(),
                    "--prompts: expected no PROMPT, --samples, --session, --json or --stats beside it");
        }
        Range.atLeast(spec, "--parallel", parallel, 1);
        Range.atMost(spec, "--parallel", parallel, Limits.MOST_RUNNING / 2,
                "half of what one pass takes: as many wait");
    }

    /** Does all of them. @return the exit code */
    int run(Main main, ModelArguments arguments, Model model, GenerationOptions options, SessionOptions session) {
        List<String> lines = Text.decode(Text.readAll(prompts), prompts.toString()).lines().toList();
        int context = session.contextLength() == 0 ? model.info().sizes().contextLength() : session.contextLength();
        PromptFormat format = new PromptFormat(model.tokenizer(), ChatTemplate.of(arguments.path()));
        GenerationOptions seeded = options.sampling().seed() != null
                ? options
                : options.withSampling(options.sampling().withSeed(new SplittableRandom().nextLong(1L << 52)));
        try (ResultsFile results = new ResultsFile(out)) {
            int before = results.count();
            if (before > 0) {
                main.note("note: " + before + " of " + lines.size() + " results are in " + out + " already");
            }
            try (OnInterrupt _ = new OnInterrupt(main)) {
                return new PromptsRun(main, model, format, seeded)
                        .run(lines, prompts.toString(), results, session, context, parallel);
            } catch (InterruptedException e) {
                main.note(
                        results.count() + " of " + lines.size() + " are done; the same command goes on with the rest");
                return Main.INTERRUPTED;
            }
        }
    }
}
