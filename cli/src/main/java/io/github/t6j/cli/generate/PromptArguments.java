package io.github.t6j.cli.generate;

import io.github.t6j.cli.Main;
import io.github.t6j.cli.io.Text;
import java.nio.file.Path;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Text that {@code generate} continues: one of three options or arguments, or else standard input. */
final class PromptArguments {
    @Parameters(
            arity = "0..1",
            paramLabel = "PROMPT",
            description = {"Plain text to continue.",
                "- reads standard input; so does a missing PROMPT if input is piped.",
                "\"\" starts a new document."})
    private String text;

    @Option(names = {"-p", "--prompt"}, paramLabel = "TEXT", description = "Text to continue, the same as PROMPT.")
    private String option;

    @Option(names = {"-f", "--prompt-file"}, paramLabel = "FILE",
            description = "Continue the UTF-8 text in FILE, unchanged.")
    private Path file;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    boolean given() {
        return Stream.of(text, option, file).anyMatch(source -> source != null);
    }

    void check() {
        if (Stream.of(text, option, file).filter(source -> source != null).count() > 1) {
            throw new ParameterException(spec.commandLine(),
                    "PROMPT: expected only one of PROMPT, --prompt and --prompt-file, found several");
        }
    }

    String read(Main main) {
        if (file != null) {
            return Text.decode(Text.readAll(file), file.toString());
        }
        return Text.argumentOrInput(option == null ? text : option, "PROMPT", main, spec);
    }
}
