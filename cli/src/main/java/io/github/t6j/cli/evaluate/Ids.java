package io.github.t6j.cli.evaluate;

import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.cli.io.Text;
import java.nio.file.Path;
import java.util.Arrays;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Lists of ids, in the format that the command line reads and prints. */
public final class Ids {
    private Ids() {}

    /**
     * @throws IllegalArgumentException naming the first word that is not an id; ids are separated by commas or white
     *     space
     */
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
            // reported below, with the expected form
        }
        throw new IllegalArgumentException("expected ids separated by commas, such as 5,17,3, found '" + word + "'");
    }

    /** Returns the ids of an argument or, if it begins with @, of the file that it names. */
    public static int[] ofArgumentOrFile(String text, String argument, CommandSpec spec) {
        return text.startsWith("@") ? read(Path.of(text.substring(1))) : ofArgument(text, argument, spec);
    }

    /** Returns the ids of an argument. @throws ParameterException if it contains anything else */
    public static int[] ofArgument(String text, String argument, CommandSpec spec) {
        try {
            return parse(text);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), argument + ": " + e.getMessage(), e);
        }
    }

    /**
     * Returns the ids of a file, separated by commas or white space. @throws CommandFailure if it contains anything
     * else
     */
    static int[] read(Path file) {
        try {
            return parse(Text.decode(Text.readAll(file), file.toString()));
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(file + ": " + e.getMessage());
        }
    }

    /** @throws CommandFailure naming the first id that is not below {@code size} */
    public static void checkBelow(int[] ids, int size, String what) {
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] >= size) {
                throw new CommandFailure("id " + ids[i] + " at position " + i + ": expected ids below " + size
                        + ", the size of the model's " + what);
            }
        }
    }

    public static String write(int[] ids) {
        StringBuilder out = new StringBuilder();
        for (int id : ids) {
            out.append(out.isEmpty() ? "" : ",").append(id);
        }
        return out.toString();
    }
}
