package io.github.t6j.cli.train;

import io.github.t6j.cli.Main;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code t6j tokenizer}: commands that make tokenizers. */
@Command(
        name = "tokenizer",
        description = "Trains a tokenizer.",
        subcommands = TokenizerTrainCommand.class,
        footer = {"", "Example:", "  t6j tokenizer train --data book.txt --vocab 4096 --out DIR"})
public final class TokenizerCommand implements Callable<Integer> {
    @ParentCommand
    Main main;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        spec.commandLine().usage(main.err);
        return Main.BAD_USAGE;
    }
}
