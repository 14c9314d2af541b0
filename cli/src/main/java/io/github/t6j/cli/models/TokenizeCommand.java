package io.github.t6j.cli.models;

import io.github.t6j.cli.Main;
import io.github.t6j.cli.evaluate.Ids;
import io.github.t6j.cli.io.Text;
import io.github.t6j.tokenizer.Tokenizer;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
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
            "  t6j tokenize --pieces \"The whale\"",
            "  t6j tokenize --decode 583 2886"
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

    @Option(names = "--pieces",
            description = {"Print the text of each id: on a terminal in colours, elsewhere on a line after its id,",
                "as a JSON string."})
    private boolean pieces;

    @Parameters(
            arity = "0..*",
            paramLabel = "TEXT",
            description = {"Plain text; special tokens have no meaning in it.",
                "- reads standard input; so does a missing TEXT if input is piped."})
    private List<String> texts = List.of();

    @Override
    public Integer call() {
        folder.check(spec);
        if (texts.size() > 1 && !decode) {
            throw new ParameterException(spec.commandLine(), "TEXT: expected one text, found " + texts.size()
                    + "; put quotes around a text of several words");
        }
        String input = Text.argumentOrInput(texts.isEmpty() ? null : String.join(" ", texts), "TEXT", main, spec);
        int[] given = decode ? Ids.ofArgument(input, "TEXT", spec) : null;
        Tokenizer tokenizer = Tokenizer.load(folder.path(main));
        if (decode) {
            Ids.checkBelow(given, tokenizer.size(), "tokenizer");
        }
        int[] ids = decode ? given : tokenizer.encode(input);
        if (pieces) {
            print(new Pieces(tokenizer).of(ids));
        } else {
            main.out.println(decode ? tokenizer.decode(ids) : Ids.write(ids));
        }
        return Main.DONE;
    }

    private void print(List<Pieces.Piece> found) {
        boolean colours = main.style().colors();
        for (int i = 0; i < found.size(); i++) {
            Pieces.Piece piece = found.get(i);
            main.out.print(colours
                    ? main.style().marked(Text.printablePiece(piece.text()), i)
                    : Ids.write(piece.ids()) + "\t" + Text.printable(quoted(piece.text()),
                            Integer.MAX_VALUE) + "\n");
        }
        if (colours) {
            main.out.println("");
        }
    }

    /** Returns {@code text} as a JSON string, whose other control characters the caller escapes. */
    private static String quoted(String text) {
        String escaped = text.replace("\\", "\\\\").replace("\"", "\\\"");
        return "\"" + escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + "\"";
    }
}
