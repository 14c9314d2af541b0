package io.github.t6j.jmh.report;

import java.util.List;
import java.util.stream.Collectors;

/** The report as Markdown, with plots in separate files. */
final class Markdown {
    private Markdown() {}

    /** @param facts line below the title */
    static String of(String title, String facts, List<Section> sections) {
        StringBuilder text = new StringBuilder("# " + title + "\n\n" + facts + "\n");
        for (Section section : sections) {
            text.append("\n## ").append(section.title).append("\n");
            section.paragraphs.forEach(paragraph -> text.append("\n").append(paragraph).append("\n"));
            for (Plot plot : section.plots) {
                text.append("\n![").append(plot.title()).append("](plots/").append(plot.name()).append(".svg)\n");
                plot.notes().forEach(note -> text.append("\n").append(note).append("\n"));
            }
            section.tables.forEach(table -> text.append("\n").append(table(table)));
            if (!section.notes.isEmpty()) {
                text.append("\n");
                section.notes.forEach(note -> text.append("- ").append(note).append("\n"));
            }
        }
        return text.toString();
    }

    static String table(Table table) {
        StringBuilder text = new StringBuilder(row(table.header()));
        text.append("|");
        for (int i = 0; i < table.header().size(); i++) {
            text.append(i < table.labels() ? "---|" : "--:|");
        }
        text.append("\n");
        table.rows().forEach(cells -> text.append(row(cells)));
        return text.toString();
    }

    private static String row(List<String> cells) {
        return cells.stream().map(cell -> cell.replace("|", "\\|")).collect(Collectors.joining(" | ", "| ", " |\n"));
    }
}
