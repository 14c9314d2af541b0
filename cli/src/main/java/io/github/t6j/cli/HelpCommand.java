package io.github.t6j.cli;

import io.github.t6j.cli.io.Errors;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code t6j help}: shows the help of t6j, a command, or a command's command such as tokenizer train. */
@Command(
        name = "help",
        helpCommand = true,
        description = "Shows the help of a command.",
        footer = {"", "Example:", "  t6j help tokenizer train"})
public final class HelpCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "COMMAND", arity = "0..*", description = "Name of the command.")
    private List<String> names = List.of();

    @Override
    public Integer call() {
        CommandLine command = spec.parent().commandLine();
        for (String name : names) {
            CommandLine next = command.getSubcommands().get(name);
            if (next == null) {
                throw new ParameterException(command, Errors.unknownCommand(command, name));
            }
            command = next;
        }
        command.usage(command.getOut());
        return Main.DONE;
    }
}
