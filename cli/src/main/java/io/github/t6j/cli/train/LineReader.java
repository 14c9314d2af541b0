package io.github.t6j.cli.train;

import io.github.t6j.cli.generate.Line;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.cli.io.Errors;
import io.github.t6j.weights.FileBytes;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads the lines of a file of any length that are not blank, without a byte order mark. */
final class LineReader implements AutoCloseable {
    private static final String MARK = "\uFEFF";

    private final Path file;
    private final BufferedReader reader;
    private int number;

    LineReader(Path file) {
        this.file = file;
        FileBytes.checkRegular(file, "a file of conversations"); // it is read more than once
        try {
            reader = Files.newBufferedReader(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw Errors.failure(file, "cannot be read", e);
        }
    }

    /** Returns the next line, or null at the end. */
    Line next() {
        try {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                number++;
                String text = number == 1 && line.startsWith(MARK) ? line.substring(1) : line;
                if (!text.isBlank()) {
                    return new Line(text, file + ", line " + number);
                }
            }
            return null;
        } catch (CharacterCodingException e) {
            throw new CommandFailure(file + ", after line " + number
                    + ": expected UTF-8, found invalid bytes: convert the file to UTF-8", e);
        } catch (IOException e) {
            throw Errors.failure(file, "cannot be read", e);
        }
    }

    /** Returns at most {@code max} lines; none at the end. */
    List<Line> next(int max) {
        List<Line> lines = new ArrayList<>();
        for (Line line; lines.size() < max && (line = next()) != null;) {
            lines.add(line);
        }
        return lines;
    }

    @Override
    public void close() {
        Errors.close(reader, file, "cannot be read");
    }
}
