package io.github.t6j.cli.evaluate;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Converters of options that take numbers and paths; their errors name what is expected without Java's types. */
public final class Values {
    private static final Pattern WHOLE = Pattern.compile("[-+]?\\d+");

    private Values() {}

    public static void register(CommandLine commandLine) {
        register(commandLine, int.class, Integer.class, Integer::valueOf, whole(Integer.MIN_VALUE, Integer.MAX_VALUE));
        register(commandLine, long.class, Long.class, Long::valueOf, whole(Long.MIN_VALUE, Long.MAX_VALUE));
        register(commandLine, float.class, Float.class, Float::valueOf, _ -> "a number");
        register(commandLine, double.class, Double.class, Double::valueOf, _ -> "a number");
        commandLine.registerConverter(Path.class, Values::path);
    }

    private static <T> void register(CommandLine commandLine, Class<T> primitive, Class<T> boxed,
            Function<String, T> parse, UnaryOperator<String> expected) {
        ITypeConverter<T> converter = text -> {
            try {
                return parse.apply(text);
            } catch (NumberFormatException e) {
                throw new TypeConversionException("expected " + expected.apply(text) + ", found '" + text + "'");
            }
        };
        commandLine.registerConverter(primitive, converter);
        commandLine.registerConverter(boxed, converter);
    }

    /** Returns what is expected instead of a text: a whole number, or for one out of range, the limit. */
    private static UnaryOperator<String> whole(long min, long max) {
        return text -> !WHOLE.matcher(text).matches()
                ? "a whole number"
                : text.startsWith("-") ? min + " or more" : "at most " + max;
    }

    /** Converts options that accept - for standard input. */
    public static final class FileOrInput implements ITypeConverter<Path> {
        @Override
        public Path convert(String text) {
            return text.equals("-") ? Path.of(text) : path(text);
        }
    }

    /** Rejects an empty name, which would be the current folder, and -, which no user means as a file. */
    private static Path path(String text) {
        if (text.isEmpty()) {
            throw new TypeConversionException("expected a file or folder, found an empty name");
        }
        if (text.equals("-")) {
            throw new TypeConversionException(
                    "expected a file or folder, found '-': /dev/stdin is standard input, ./- a file of that name");
        }
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new TypeConversionException("expected a file or folder, found '" + text + "': " + e.getReason());
        }
    }
}
