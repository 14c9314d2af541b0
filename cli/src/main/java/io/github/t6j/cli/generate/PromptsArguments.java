package io.github.t6j.cli.generate;

import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.SessionOptions;
import io.github.t6j.chat.Chat;
import io.github.t6j.chat.PromptFormat;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.io.OnInterrupt;
import java.nio.file.Path;
import java.util.SplittableRandom;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Options of {@code generate} for many prompts. */
final class PromptsArguments {
    @Option(names = "--prompts", paramLabel = "FILE.jsonl",
            description = {"Continue many prompts.",
                "Each line is an object with prompt (a text) or messages, and optionally id, seed and max_tokens.",
                "Line i has the seed S + i."})
    private Path prompts;

    @Mixin
    private LinesArguments lines;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    boolean given() {
        return prompts != null;
    }

    /** @param excluded true if an option was given that --prompts excludes */
    void check(boolean excluded) {
        lines.check("--prompts", prompts);
        if (given() && excluded) {
            throw new ParameterException(spec.commandLine(),
                    "--prompts: expected no PROMPT, --samples, --session, --json or --stats, found one of them");
        }
    }

    /** Continues all prompts. @return the exit code */
    int run(Main main, Model model, GenerationOptions options, SessionOptions session) {
        PromptFormat format = Chat.of(model).format();
        GenerationOptions seeded = options.sampling().seed() != null
                ? options
                : options.withSampling(options.sampling().withSeed(new SplittableRandom().nextLong(1L << 52)));
        PromptLines work = new PromptLines(model, format, seeded);
        try (OnInterrupt _ = LinesArguments.onInterrupt(main)) {
            return lines.run(main, model, session, Line.read(prompts), work, _ -> {
            });
        }
    }
}
