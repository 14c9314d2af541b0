package io.github.t6j.jmh.report;

import java.util.ArrayList;
import java.util.List;

/** A heading, then paragraphs, plots, tables and notes, each kind in its own order. */
final class Section {
    final String title;
    final List<String> paragraphs = new ArrayList<>();
    final List<Plot> plots = new ArrayList<>();
    final List<Table> tables = new ArrayList<>();
    final List<String> notes = new ArrayList<>();

    Section(String title, String... paragraphs) {
        this.title = title;
        this.paragraphs.addAll(List.of(paragraphs));
    }
}
