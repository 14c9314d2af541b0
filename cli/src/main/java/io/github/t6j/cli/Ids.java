package io.github.t6j.cli;

import java.nio.file.Path;
import java.util.Arrays;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Lists of ids, as the command line reads and writes them. */
final class Ids {
    private Ids() {}

    /** @throws IllegalArgumentException if {@code text} is not ids by comma or white space, naming what is none */
    static int[] parse(String text) {
        return Arrays.stream(text.split("[,\\s]+")).filter(word -> !word.isEmpty()).mapToInt(Ids::id).toArray();
    }

    private static int id(String word) {
        try {
            int id = Integer.parseInt(word);
            if (id >= 0) {
                return id;
            }
        } catch (NumberFormatException e) {
            // said below, with what was expected
        }
        throw new IllegalArgumentException("expected ids by comma, such as 5,17,3, found '" + word + "'");
    }

    /** The ids that an argument says, or with a @ before it the file of that name. */
    static int[] ofArgumentOrFile(String text, String argument, CommandSpec spec) {
        return text.startsWith("@") ? read(Path.of(text.substring(1))) : ofArgument(text, argument, spec);
    }

    /** The ids that an argument says. @throws ParameterException if it holds anything else */
    static int[] ofArgument(String text, String argument, CommandSpec spec) {
        try {
            return parse(text);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), argument + ": " + e.getMessage(), e);
        }
    }

    /** The ids of a file, by comma or white space. @throws CommandFailure if it holds anything else */
    static int[] read(Path file) {
        try {
            return parse(Text.decode(Text.readAll(file), file.toString()));
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(file + ": " + e.getMessage());
        }
    }

    /** @throws CommandFailure if an id is not below {@code size}, naming it */
    static void checkBelow(int[] ids, int size, String what) {
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] >= size) {
                throw new CommandFailure("id " + ids[i] + " at position " + i + ": expected ids below " + size
                        + ", the size of the model's " + what);
            }
        }
    }

    static String write(int[] ids) {
        StringBuilder out = new StringBuilder();
        for (int id : ids) {
            out.append(out.isEmpty() ? "" : ",").append(id);
        }
        return out.toString();
    }
}
