package io.github.t6j.training.data;

import io.github.t6j.ModelFormatException;
import io.github.t6j.json.Json;
import io.github.t6j.training.data.FileParts.Part;
import io.github.t6j.weights.FileBytes;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;

/** Reader of the documents of one file; {@code Documents} describes the formats. */
public final class DocumentFile implements AutoCloseable {
    /** Separator of documents in plain text. */
    static final String SEPARATOR = "<|endoftext|>";

    /** Maximum number of bytes of plain text that are tokenised at once. */
    private static final int LONGEST = 4 << 20;

    /** Maximum number of bytes of a line of JSONL. */
    private static final int LONGEST_LINE = 16 << 20;

    private static final int BEGINNING = 1024;

    /** Approximate memory in bytes of a part besides its text. */
    private static final int PART = 64;

    private final Path file;
    private final boolean lines;
    private final FileParts parts;

    private DocumentFile(Path file, boolean lines) throws IOException {
        this.file = file;
        this.lines = lines;
        byte[] separator = (lines ? "\n" : SEPARATOR).getBytes(StandardCharsets.US_ASCII);
        parts = new FileParts(file, separator, lines ? LONGEST_LINE : LONGEST);
    }

    /** Document, or a piece of one; {@code ends} is true for its last piece. */
    public record Document(String text, boolean ends) {}

    /** Returns the error for a file without documents. */
    public static ModelFormatException none(Path file) {
        return new ModelFormatException(file + ": expected at least one document, found none");
    }

    /**
     * Returns the first bytes of {@code file}, enough to recognise a shard of ids.
     *
     * @throws ModelFormatException if the file is empty or not a regular file
     */
    public static byte[] beginning(Path file) {
        if (Files.isDirectory(file)) {
            throw new ModelFormatException(
                    file + ": expected a file of training data, found a folder: give the files in it");
        }
        FileBytes.checkRegular(file, "a file of training data");
        byte[] beginning = beginning(file, BEGINNING);
        if (beginning.length == 0) {
            throw new ModelFormatException(file + ": expected training data, found an empty file");
        }
        return beginning;
    }

    private static byte[] beginning(Path file, int max) {
        try (InputStream in = Files.newInputStream(file)) {
            return in.readNBytes(max);
        } catch (IOException e) {
            throw FileBytes.failed(file, "cannot be read", e);
        }
    }

    /** Opens a file of plain text or JSONL. */
    public static DocumentFile open(Path file) {
        boolean hasLines = isLines(file, beginning(file));
        try {
            return new DocumentFile(file, hasLines);
        } catch (IOException e) {
            throw FileBytes.failed(file, "cannot be read", e);
        }
    }

    private static boolean isLines(Path file, byte[] beginning) {
        if (file.toString().endsWith(".jsonl")) {
            return true;
        }
        int from = FileParts.markLength(beginning);
        if (from == beginning.length || beginning[from] != '{') {
            return false;
        }
        byte[] bytes = beginning(file, LONGEST_LINE);
        int to = from;
        while (to < bytes.length && bytes[to] != '\n') {
            to++;
        }
        try {
            return Json.parseObject(Arrays.copyOfRange(bytes, from, to), "").get("text") instanceof String;
        } catch (ModelFormatException e) {
            return false;
        }
    }

    /** Returns the number of bytes read so far. */
    public long done() {
        return parts.done();
    }

    /** Returns the next part of the file, or null at its end. */
    public Part next() {
        if (Thread.currentThread().isInterrupted()) {
            throw new CancellationException(file + ": interrupted while reading");
        }
        try {
            return parts.next();
        } catch (IOException e) {
            throw FileBytes.failed(file, "cannot be read", e);
        }
    }

    /** Returns parts that together take about {@code bytes} of memory; none at the end of the file. */
    public List<Part> next(int bytes) {
        List<Part> batch = new ArrayList<>();
        int sum = 0;
        for (Part part; sum < bytes && (part = next()) != null; sum += PART + part.bytes().length) {
            batch.add(part);
        }
        return batch;
    }

    /** Returns the document of a part, or null if it is blank. Any thread may call it. */
    public Document document(Part part) {
        if (lines) {
            String text = line(part);
            return text == null || text.isBlank() ? null : new Document(text, true);
        }
        String text = decode(part);
        return part.begins() && part.ends() && text.isBlank() ? null : new Document(text, part.ends());
    }

    private String decode(Part part) {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        ByteBuffer bytes = ByteBuffer.wrap(part.bytes());
        CharBuffer chars = CharBuffer.allocate(part.bytes().length);
        CoderResult result = decoder.decode(bytes, chars, true);
        if (result.isError()) {
            throw new ModelFormatException(file + ": expected UTF-8, found an invalid byte at offset "
                    + (part.offset() + bytes.position()) + ": convert the text to UTF-8");
        }
        return chars.flip().toString();
    }

    /** Returns the text of a line of JSONL, or null if the line is blank. */
    private String line(Part part) {
        String where = file + ", line " + part.number();
        if (!part.begins() || !part.ends()) {
            throw new ModelFormatException(where + ": expected at most " + LONGEST_LINE
                    + " bytes, found more: cut its document into several");
        }
        String line = decode(part);
        if (line.isBlank()) {
            return null;
        }
        Map<String, Object> fields = Json.parseObject(part.bytes(), where);
        if (fields.get("text") instanceof String text) {
            return text;
        }
        throw new ModelFormatException(where + ": text: expected a string, found "
                + (fields.containsKey("text") ? Json.writeLine(fields.get("text")) : "no such key"));
    }

    @Override
    public void close() {
        try {
            parts.close();
        } catch (IOException e) {
            throw FileBytes.failed(file, "cannot be read", e);
        }
    }
}
