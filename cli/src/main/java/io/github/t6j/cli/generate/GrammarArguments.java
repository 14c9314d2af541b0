package io.github.t6j.cli.generate;

import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.cli.io.Text;
import io.github.t6j.grammar.Grammar;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Options for the form of the generated text; they exclude each other. */
public final class GrammarArguments {
    @Option(names = "--json-schema", paramLabel = "FILE",
            description = "Generate JSON that matches the JSON schema in FILE.")
    private Path jsonSchema;

    @Option(names = "-j", paramLabel = "SCHEMA", description = "Generate JSON that matches this JSON schema.")
    private String inlineSchema;

    @Option(names = "--grammar", paramLabel = "FILE",
            description = "Generate text that matches the grammar in FILE (llama.cpp's GBNF).")
    private Path gbnf;

    @Option(names = "--regex", paramLabel = "R",
            description = "Generate text that the regular expression R matches in full.")
    private String regex;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    /**
     * Returns the grammar of the given option, or null without one.
     *
     * @throws ParameterException if several are given
     * @throws CommandFailure if the file cannot be read, or its content is not supported
     */
    public Grammar grammar() {
        if (Stream.of(jsonSchema, inlineSchema, gbnf, regex).filter(Objects::nonNull).count() > 1) {
            throw new ParameterException(spec.commandLine(),
                    "expected one of --json-schema, -j, --grammar and --regex, found several");
        }
        if (regex != null) {
            return read("--regex", regex, Grammar::regex);
        }
        if (inlineSchema != null) {
            return read("-j", inlineSchema, Grammar::jsonSchema);
        }
        if (jsonSchema != null) {
            return read(jsonSchema.toString(), text(jsonSchema), Grammar::jsonSchema);
        }
        return gbnf == null ? null : read(gbnf.toString(), text(gbnf), Grammar::gbnf);
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
