package io.github.t6j.cli.generate;

import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.cli.io.Text;
import io.github.t6j.grammar.Grammar;
import java.nio.file.Path;
import java.util.function.Function;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** Options for the form of the generated text, of which one may be given. */
public final class GrammarArguments {
    @ArgGroup
    private Form form;

    private static final class Form {
        @Option(names = "--json-schema", paramLabel = "FILE",
                description = "Generate JSON that matches the JSON schema in FILE.")
        private Path jsonSchema;

        @Option(names = "--grammar", paramLabel = "FILE",
                description = "Generate a text of the GBNF grammar in FILE, in llama.cpp's notation.")
        private Path grammar;

        @Option(names = "--regex", paramLabel = "R",
                description = "Generate a text that the regular expression R matches as a whole.")
        private String regex;
    }

    /**
     * Returns the grammar of the given option, or null without one.
     *
     * @throws CommandFailure if the file cannot be read, or its content is not supported
     */
    public Grammar grammar() {
        if (form == null) {
            return null;
        }
        if (form.regex != null) {
            return read("--regex", form.regex, Grammar::regex);
        }
        return form.jsonSchema != null
                ? read(form.jsonSchema.toString(), text(form.jsonSchema), Grammar::jsonSchema)
                : read(form.grammar.toString(), text(form.grammar), Grammar::gbnf);
    }

    private static String text(Path file) {
        return Text.decode(Text.readAll(file), file.toString());
    }

    private static Grammar read(String source, String text, Function<String, Grammar> reader) {
        try {
            return reader.apply(text);
        } catch (IllegalArgumentException malformed) {
            throw new CommandFailure(source + ": " + malformed.getMessage());
        }
    }
}
