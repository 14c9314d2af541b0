package io.github.t6j.cli.generate;

import io.github.t6j.ModelFormatException;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.cli.io.Errors;
import io.github.t6j.json.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * File of results, one JSON object per line. Each is written completely before the next, so that an interrupted run can
 * continue.
 */
final class ResultsFile implements AutoCloseable {
    private final Path path;
    private RandomAccessFile file;
    private final Predicate<Map<String, Object>> isResult;
    private final Map<Long, Map<String, Object>> again = new HashMap<>(); // new results of lines that failed before
    private int count;

    /**
     * Opens the file where an earlier run ended; an incomplete last line is removed.
     *
     * @param isResult test of a line without an error
     * @throws CommandFailure if the file contains anything else, or cannot be written
     */
    ResultsFile(Path path, Predicate<Map<String, Object>> isResult) {
        this.path = path;
        this.isResult = isResult;
        try {
            file = new RandomAccessFile(path.toFile(), "rw");
            try {
                file.seek(endOfResults());
            } catch (IOException | RuntimeException failure) {
                file.close();
                throw failure;
            }
        } catch (IOException e) {
            throw Errors.failure(path, "results cannot be written", e);
        }
    }

    /** Counts the results. @return offset of their end */
    private long endOfResults() throws IOException {
        long end = 0;
        BufferedReader reader = Files.newBufferedReader(path);
        try (reader) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                long next = end + line.getBytes(StandardCharsets.UTF_8).length + 1;
                if (next > file.length()) { // no line feed: incomplete
                    checkBegun(line);
                    break;
                }
                check(line);
                count++;
                end = next;
            }
        }
        file.setLength(end);
        return end;
    }

    /** Checks that an incomplete line, which is to be removed, is the beginning of a result. */
    private void checkBegun(String line) {
        String whole = Json.writeLine(Map.of("index", (long) count));
        String begins = whole.substring(0, whole.length() - 1);
        if (!line.startsWith(begins) && !begins.startsWith(line)) {
            throw foreignContent(path + ", line " + (count + 1));
        }
    }

    private void check(String line) {
        String where = path + ", line " + (count + 1);
        try {
            Map<String, Object> result = Json.parseObject(line.getBytes(StandardCharsets.UTF_8), where);
            boolean isOwn = result.containsKey("error") || isResult.test(result);
            if (isOwn && Long.valueOf(count).equals(result.get("index"))) {
                return;
            }
        } catch (ModelFormatException e) {
            // reported below
        }
        throw foreignContent(where);
    }

    private CommandFailure foreignContent(String where) {
        return new CommandFailure(where + ": expected the result of line " + (count + 1)
                + " of the input from an earlier run, found other content: choose another --out");
    }

    /** Returns the number of results. */
    int count() {
        return count;
    }

    /**
     * Passes the successful ones among the first {@code max} results to {@code each}.
     *
     * @return indices of the failed ones
     */
    List<Integer> earlier(int max, Consumer<Map<String, Object>> each) {
        List<Integer> failed = new ArrayList<>();
        try (BufferedReader reader = Files.newBufferedReader(path)) {
            for (int i = 0; i < Math.min(max, count); i++) {
                Map<String, Object> result = new Line(reader.readLine(), path.toString()).fields();
                if (result.containsKey("error")) {
                    failed.add(i);
                } else {
                    each.accept(result);
                }
            }
        } catch (IOException e) {
            throw Errors.failure(path, "cannot be read", e);
        }
        return failed;
    }

    /** Adds a result, or replaces that of a line that failed before; these come first. */
    void add(Map<String, Object> result) {
        Long index = (Long) result.get("index");
        if (index < count) {
            again.put(index, result);
            return;
        }
        replace();
        try {
            file.write((Json.writeLine(result) + "\n").getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw Errors.failure(path, "results cannot be written", e);
        }
        count++;
    }

    /** Writes the file again with the new results, so that an error or a kill leaves the old or the new file. */
    private void replace() {
        if (again.isEmpty()) {
            return;
        }
        Path changed = path.resolveSibling(path.getFileName() + ".new");
        try {
            try (BufferedReader reader = Files.newBufferedReader(path);
                    Writer writer = Files.newBufferedWriter(changed)) {
                for (long i = 0; i < count; i++) {
                    String before = reader.readLine();
                    writer.write(again.containsKey(i) ? Json.writeLine(again.get(i)) : before);
                    writer.write('\n');
                }
            }
            file.close();
            Files.move(changed, path, StandardCopyOption.REPLACE_EXISTING);
            file = new RandomAccessFile(path.toFile(), "rw");
            file.seek(file.length());
        } catch (IOException e) {
            throw Errors.failure(path, "results cannot be written", e);
        }
        again.clear();
    }

    @Override
    public void close() {
        replace();
        Errors.close(file, path, "results cannot be written");
    }
}
