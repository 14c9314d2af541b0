package io.github.t6j.training;

import io.github.t6j.ModelFormatException;
import io.github.t6j.json.Json;
import io.github.t6j.training.FileParts.Part;
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

/** The documents of one file, as {@link Documents} says. */
final class DocumentFile implements AutoCloseable {
    /** What stands between documents. */
    static final String SEPARATOR = "<|endoftext|>";

    /** Bytes of plain text that are tokenised at once. */
    private static final int LONGEST = 4 << 20;

    /** Bytes of a line of JSONL. */
    private static final int LONGEST_LINE = 16 << 20;

    private static final int BEGINNING = 1024;

    /** About the memory that a part takes besides its bytes. */
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

    /** A document, or a piece of one. */
    record Document(String text, boolean ends) {}

    static ModelFormatException none(Path file) {
        return new ModelFormatException(file + ": expected a document or more, found none");
    }

    /** The first bytes of {@code file}, as many as a shard is told by. @throws ModelFormatException if it is empty, or no file */
    static byte[] beginning(Path file) {
        if (Files.isDirectory(file)) {
            throw new ModelFormatException(file + ": expected a file of training data, found a folder: name its files");
        }
        FileBytes.checkRegular(file, "a file of training data");
        byte[] beginning = beginning(file, BEGINNING);
        if (beginning.length == 0) {
            throw new ModelFormatException(file + ": expected training data, found an empty file");
        }
        return beginning;
    }

    private static byte[] beginning(Path file, int most) {
        try (InputStream in = Files.newInputStream(file)) {
            return in.readNBytes(most);
        } catch (IOException e) {
            throw FileBytes.failed(file, "cannot be read", e);
        }
    }

    static DocumentFile open(Path file) {
        boolean lines = isLines(file, beginning(file));
        try {
            return new DocumentFile(file, lines);
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

    /** Bytes that are done. */
    long done() {
        return parts.done();
    }

    /** The next part of the file, or null. */
    Part next() {
        if (Thread.currentThread().isInterrupted()) {
            throw new CancellationException(file + ": reading was interrupted");
        }
        try {
            return parts.next();
        } catch (IOException e) {
            throw FileBytes.failed(file, "cannot be read", e);
        }
    }

    /** Parts that take so many bytes of memory together, or a few more; none at the file's end. */
    List<Part> next(int bytes) {
        List<Part> batch = new ArrayList<>();
        int sum = 0;
        for (Part part; sum < bytes && (part = next()) != null; sum += PART + part.bytes().length) {
            batch.add(part);
        }
        return batch;
    }

    /** The document that a part holds, or null. Any thread may ask. */
    Document document(Part part) {
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
            throw new ModelFormatException(file + ": expected UTF-8, found another byte at offset "
                    + (part.offset() + bytes.position()) + ": convert the text to UTF-8");
        }
        return chars.flip().toString();
    }

    /** The text of a line; null if there is nothing on it. */
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
        throw new ModelFormatException(where + ": text: expected a text, found "
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
