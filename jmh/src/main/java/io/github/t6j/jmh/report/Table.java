package io.github.t6j.jmh.report;

import java.util.ArrayList;
import java.util.List;

/**
 * Rows of text.
 *
 * @param labels number of columns, from the first, that have words instead of numbers
 */
record Table(List<String> header, int labels, List<List<String>> rows) {
    Table(int labels, String... header) {
        this(List.of(header), labels, new ArrayList<>());
    }

    void add(String... cells) {
        rows.add(List.of(cells));
    }
}
