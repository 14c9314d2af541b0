package io.github.t6j.mini.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reader of the word lists and forms next to the classes. An empty line, and one that begins with #, is a comment. */
final class Lines {
    private Lines() {}

    static List<String> of(String name) {
        try (InputStream in = Lines.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException(name + ": expected it next to the classes, found nothing: run java with"
                        + " -cp cli/model-mini/data/src/main/resources");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().map(String::strip)
                    .filter(line -> !line.isEmpty() && !line.startsWith("#")).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the sections of a file: the lines after each line {@code == NAME}. */
    static Map<String, List<String>> sections(String name) {
        Map<String, List<String>> sections = new LinkedHashMap<>();
        List<String> section = null;
        for (String line : of(name)) {
            if (line.startsWith("== ")) {
                section = new ArrayList<>();
                if (sections.put(line.substring(3), section) != null) {
                    throw new IllegalStateException(name + ": duplicate section " + line);
                }
            } else if (section == null) {
                throw new IllegalStateException(name + ": expected a line '== NAME' first, found: " + line);
            } else {
                section.add(line);
            }
        }
        return sections;
    }

    /** Returns the forms of each section. */
    static Map<String, List<Form>> forms(String name) {
        Map<String, List<Form>> forms = new LinkedHashMap<>();
        sections(name).forEach((section, lines) -> forms.put(section, lines.stream().map(Form::of).toList()));
        return forms;
    }

    /**
     * Returns the rows of a table, by the names of its columns in the first line. Columns are separated by |; empty
     * ones are left out.
     */
    static List<Map<String, String>> table(String name) {
        List<String> lines = of(name);
        String[] columns = lines.getFirst().split("\\|");
        List<Map<String, String>> rows = new ArrayList<>();
        for (String line : lines.subList(1, lines.size())) {
            String[] cells = line.split("\\|", -1);
            if (cells.length != columns.length) {
                throw new IllegalStateException(
                        name + ": expected " + columns.length + " columns, found " + cells.length + ": " + line);
            }
            Map<String, String> row = new LinkedHashMap<>();
            for (int i = 0; i < cells.length; i++) {
                if (!cells[i].isBlank()) {
                    row.put(columns[i].strip(), cells[i].strip());
                }
            }
            rows.add(row);
        }
        return rows;
    }
}
