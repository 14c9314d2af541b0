package io.github.t6j.cli.evaluate;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Converters of options that take numbers and paths; their errors name what is expected without Java's types. */
public final class Values {
    private Values() {}

    public static void register(CommandLine commandLine) {
        register(commandLine, int.class, Integer.class, Integer::valueOf, "a whole number");
        register(commandLine, long.class, Long.class, Long::valueOf, "a whole number");
        register(commandLine, float.class, Float.class, Float::valueOf, "a number");
        register(commandLine, double.class, Double.class, Double::valueOf, "a number");
        commandLine.registerConverter(Path.class, Values::path);
    }

    private static <T> void register(
            CommandLine commandLine, Class<T> primitive, Class<T> boxed, Function<String, T> parse, String expected) {
        ITypeConverter<T> converter = text -> {
            try {
                return parse.apply(text);
            } catch (NumberFormatException e) {
                throw new TypeConversionException("expected " + expected + ", found '" + text + "'");
            }
        };
        commandLine.registerConverter(primitive, converter);
        commandLine.registerConverter(boxed, converter);
    }

    /** Converts options that accept - for standard input. */
    static final class FileOrInput implements ITypeConverter<Path> {
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
