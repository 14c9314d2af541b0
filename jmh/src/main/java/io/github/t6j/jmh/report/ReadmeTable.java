package io.github.t6j.jmh.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Tables of the README, rewritten between two markers. */
final class ReadmeTable {
    static final String BEGIN = "<!-- benchmarks: begin, written by `benchmarks.jar report --readme` -->";
    static final String END = "<!-- benchmarks: end -->";

    private ReadmeTable() {}

    /**
     * Reads a README with markers for the tables.
     *
     * @throws IllegalArgumentException if a marker is missing
     */
    static String check(Path readme) throws IOException {
        String text = Files.readString(readme);
        int begin = text.indexOf(BEGIN);
        if (begin < 0 || text.indexOf(END) < begin) {
            throw new IllegalArgumentException(readme + ": expected the lines " + BEGIN + " and " + END
                    + ", found at most one; add both where the tables belong");
        }
        return text;
    }

    /**
     * Replaces the text between the markers of {@code readme}.
     *
     * @throws IllegalArgumentException if a marker is missing
     */
    static void write(Path readme, Machine machine, List<Result> results, Path out) throws IOException {
        String text = check(readme);
        int begin = text.indexOf(BEGIN);
        int end = text.indexOf(END);
        Path file = readme.toAbsolutePath().normalize();
        Path from = file.getParent();
        Path project = from.endsWith("jmh") ? from.getParent() : from;
        String command = "report --suite " + machine.suite() + " --out " + relative(project, out) + " --readme "
                + relative(project, file);
        Files.writeString(readme,
                text.substring(0, begin + BEGIN.length()) + "\n\n"
                        + tables(machine, results, command, relative(from, out)) + "\n"
                        + text.substring(end));
    }

    private static String relative(Path from, Path to) {
        return from.relativize(to.toAbsolutePath().normalize()).toString().replace('\\', '/');
    }

    /**
     * Returns the tables.
     *
     * @param command command that made them, in the project's folder
     * @param link link to the folder of the results
     */
    private static String tables(Machine machine, List<Result> results, String command, String link) {
        StringBuilder text = new StringBuilder();
        text.append("Made by `java -jar jmh/target/benchmarks.jar ").append(command).append("` on ")
                .append(machine.processor()).append(", ")
                .append(machine.cores()).append(" cores, JDK ").append(results.getFirst().jdkVersion()).append(", ")
                .append(machine.kernels()).append(", ").append(machine.software()).append(" (").append(machine.date())
                .append("); more in [").append(link)
                .append("](").append(link).append("/summary.md).\n");
        for (Group group : MainTable.groups(results)) {
            text.append("\nTime of one decode step of one layer's attention, ").append(group.setting().text())
                    .append(":\n\n").append(Markdown.table(MainTable.of(group)));
        }
        Table models = models(results);
        if (!models.rows().isEmpty()) {
            text.append("\nWhole models of random weights, equal parameters (124 M), tokens per second:\n\n")
                    .append(Markdown.table(models));
        }
        return text.toString();
    }

    private static Table models(List<Result> results) {
        Table table = new Table(2, "model", "test", "weights, cache", "threads", "tokens/s");
        Labels.models(results)
                .forEach(r -> table.add(r.param("model"), Labels.test(r), r.param("type") + ", " + r.param("cacheType"),
                        r.param("threads"),
                        r.counter("tokensPerSecond").plain()));
        return table;
    }
}
