package io.github.t6j.jmh.peer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Table of a test's results, a part of a Markdown page in {@code target/peers}; {@code .ci/peers} joins the parts. */
final class Results {
    private final Path file;
    private final List<String> lines = new ArrayList<>();

    /** @param start lines before the first row */
    Results(String name, String... start) {
        file = Path.of("target", "peers", name + ".md");
        lines.addAll(List.of(start));
    }

    void add(String line) {
        lines.add(line);
    }

    void write() throws IOException {
        Files.createDirectories(file.getParent());
        Files.write(file, lines);
    }
}
