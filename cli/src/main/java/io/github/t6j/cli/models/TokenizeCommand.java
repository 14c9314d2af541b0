package io.github.t6j.cli.models;

import io.github.t6j.cli.Main;
import io.github.t6j.cli.evaluate.Ids;
import io.github.t6j.cli.io.Text;
import io.github.t6j.tokenizer.Tokenizer;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code t6j tokenize}: converts text to ids and back. */
@Command(
        name = "tokenize",
        description = {"Prints the ids of a text, or with --decode the text of ids.", "Commas separate the ids."},
        footer = {
            "",
            "Examples:",
            "  t6j tokenize \"The whale\"",
            "  t6j tokenize - < book.txt",
            "  t6j tokenize --decode 583,2886"
        })
public final class TokenizeCommand implements Callable<Integer> {
    @ParentCommand
    private Main main;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelFolder folder;

    @Option(names = "--decode",
            description = "Read TEXT as ids, separated by commas or white space, and print their text.")
    private boolean decode;

    @Parameters(
            arity = "0..1",
            paramLabel = "TEXT",
            description = {"Plain text; special tokens have no meaning in it.",
                "- reads standard input; so does a missing TEXT if input is piped."})
    private String text;

    @Override
    public Integer call() {
        String input = Text.argumentOrInput(text, "TEXT", main, spec);
        int[] ids = decode ? Ids.ofArgument(input, "TEXT", spec) : null;
        Tokenizer tokenizer = Tokenizer.load(folder.path(main));
        if (decode) {
            Ids.checkBelow(ids, tokenizer.size(), "tokenizer");
            main.out.println(tokenizer.decode(ids));
        } else {
            main.out.println(Ids.write(tokenizer.encode(input)));
        }
        return Main.DONE;
    }
}
