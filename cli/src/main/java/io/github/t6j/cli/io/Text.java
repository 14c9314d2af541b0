package io.github.t6j.cli.io;

import io.github.t6j.cli.Main;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Reads text from arguments, standard input and files: UTF-8, without any change. */
public final class Text {
    private static final String STANDARD_INPUT = "standard input";

    /** Longest text in bytes, hours of work for the smallest model; reading an endless input stops here. */
    private static final int LONGEST = 1 << 28;

    private Text() {}

    /**
     * Returns {@code argument} itself, or standard input if it is {@code -}, or is absent and input is piped.
     *
     * @param label name of the argument in the help
     */
    public static String argumentOrInput(String argument, String label, Main main, CommandSpec spec) {
        if (argument != null && !argument.equals("-")) {
            return argument;
        }
        if (argument == null && main.terminal) {
            throw new ParameterException(spec.commandLine(),
                    label + ": expected a text, or - to read standard input, found none");
        }
        return decode(readAll(main.in, STANDARD_INPUT), STANDARD_INPUT);
    }

    /** Reads all bytes of a file, which may be a pipe: {@code <(command)}, /dev/stdin. */
    public static byte[] readAll(Path file) {
        if (Files.isDirectory(file)) {
            throw new CommandFailure(file + ": expected a file, found a folder");
        }
        try (InputStream in = Files.newInputStream(file)) {
            return readAll(in, file.toString());
        } catch (IOException e) {
            throw Errors.failure(file, "cannot be read", e);
        }
    }

    /** Reads all bytes of a file, or of standard input for {@code -}. */
    public static byte[] readAll(Path file, Main main) {
        return isInput(file) ? readAll(main.in, STANDARD_INPUT) : readAll(file);
    }

    /** Returns the name of {@code file} for messages. */
    public static String name(Path file) {
        return isInput(file) ? STANDARD_INPUT : file.toString();
    }

    private static boolean isInput(Path file) {
        return file.toString().equals("-");
    }

    private static byte[] readAll(InputStream in, String where) {
        try {
            byte[] bytes = in.readNBytes(LONGEST + 1);
            if (bytes.length > LONGEST) {
                throw new CommandFailure(where + ": expected at most " + LONGEST + " bytes of text, found more: split"
                        + " it into pieces");
            }
            return bytes;
        } catch (IOException e) {
            throw Errors.failure(where, "cannot be read", e);
        }
    }

    /**
     * @throws CommandFailure if {@code utf8} is not UTF-8, with {@code where} and the offset of the first invalid byte
     */
    public static String decode(byte[] utf8, String where) {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        ByteBuffer bytes = ByteBuffer.wrap(utf8);
        CharBuffer chars = CharBuffer.allocate(utf8.length);
        CoderResult result = decoder.decode(bytes, chars, true);
        if (result.isError()) {
            throw new CommandFailure(where + ": expected UTF-8, found an invalid byte at offset " + bytes.position()
                    + ": convert the text to UTF-8");
        }
        return chars.flip().toString();
    }

    /**
     * Returns {@code text} without control characters, which could move the terminal's cursor or worse, and without
     * those that reverse the order of text; long texts are cut.
     */
    public static String printable(String text, int longest) {
        StringBuilder printable = new StringBuilder();
        int end = Math.min(text.length(), longest);
        for (int i = 0; i < end; i++) {
            append(text.charAt(i), printable);
        }
        return end < text.length() ? printable + "…" : printable.toString();
    }

    private static void append(char c, StringBuilder printable) {
        if (isHarmless(c)) {
            printable.append(c);
        } else {
            printable.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
        }
    }

    /** Returns a piece of a text with the same characters escaped; line feeds stay. */
    public static String printablePiece(String text) {
        StringBuilder printable = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) == '\n') {
                printable.append('\n');
            } else {
                append(text.charAt(i), printable);
            }
        }
        return printable.toString();
    }

    /** Returns the last {@code max} characters of a text, as {@link #printablePiece} does, after … if it was cut. */
    public static String printableEnd(String text, int max) {
        int from = Math.max(0, text.length() - max);
        from += from > 0 && Character.isLowSurrogate(text.charAt(from)) ? 1 : 0; // not half a character
        return (from > 0 ? "…" : "") + printablePiece(text.substring(from));
    }

    private static boolean isHarmless(char c) {
        return c == '\t'
                || !Character.isISOControl(c) && !(c >= '\u202a' && c <= '\u202e') && !(c >= '\u2066' && c <= '\u2069');
    }

    /** Returns JSON or lines with the same characters escaped; line ends stay. */
    public static String printableLines(String text) {
        return text.lines().map(line -> printable(line, Integer.MAX_VALUE) + "\n").collect(Collectors.joining());
    }
}
