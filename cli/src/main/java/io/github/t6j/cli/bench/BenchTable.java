package io.github.t6j.cli.bench;

import io.github.t6j.cli.evaluate.Choice;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Markdown table of results, printed row by row with aligned columns. */
final class BenchTable {
    /** A column; names are aligned left, numbers right. */
    private record Column(String name, int width, boolean number) {
        String cell(Object value) {
            return String.format(Locale.ROOT, "%" + (number ? "" : "-") + width + "s", value);
        }

        String rule() {
            return "-".repeat(width - 1) + (number ? ":" : "-");
        }
    }

    private static final int MIN_COLUMNS = 3;

    private final boolean filled;
    private final boolean comparing;
    private final List<Column> columns = new ArrayList<>();

    /**
     * @param models names of all models that get rows
     * @param comparing true if the table has a column with the ratio to the first model
     * @param width columns of the terminal, to fit which the last columns are dropped; 0 keeps all
     */
    BenchTable(Collection<String> models, Collection<BenchCase> tests, boolean comparing, int width) {
        filled = tests.stream().anyMatch(test -> test.depth() > 0);
        this.comparing = comparing;
        int model = models.stream().mapToInt(String::length).max().orElse(0);
        int test = tests.stream().mapToInt(each -> each.name().length()).max().orElse(0);
        columns.add(new Column("model", Math.max("model".length(), model), false));
        columns.add(new Column("test", Math.max("test".length(), test), false));
        columns.add(new Column("tokens/s", 15, true));
        if (comparing) {
            columns.add(new Column("ratio", 5, true));
        }
        columns.add(new Column("GB/s", 6, true));
        for (String name : List.of("of read", "sampling", "cache MB", "bytes/token", "CPU s")) {
            columns.add(new Column(name, name.length(), true));
        }
        while (width > 0 && columns.size() > MIN_COLUMNS && row(Column::rule).length() - 1 > width) {
            columns.removeLast();
        }
    }

    private String row(Function<Column, String> cell) {
        return columns.stream().map(cell).collect(Collectors.joining(" | ", "| ", " |\n"));
    }

    /** Returns the lines above the rows. @param results one result of each model, or more */
    String head(Collection<BenchResult> results) {
        Set<String> lines = new LinkedHashSet<>();
        for (BenchResult result : results) {
            lines.add(String.format(Locale.ROOT,
                    "%s: %s, %.1f M parameters, %.1f MB of weights (%s), %.0f %% in huge pages",
                    result.model(),
                    result.info().attention().name(), result.info().sizes().parameters() / 1e6,
                    result.weightBytes() / 1e6, result.weightType(),
                    100.0 * result.conditions().hugePageBytes() / result.weightBytes()));
        }
        BenchResult first = results.iterator().next();
        lines.add(Processor.name() + "; " + first.info().kernels() + "; Java " + Runtime.version());
        lines.add("cache: " + Choice.word(first.cacheType()) + (filled ? "; @: " + BenchReport.FILLED : ""));
        lines.add("tokens/s: mean ± standard deviation of " + first.seconds().length
                + (first.conditions().cold() ? " fresh processes" : " after a warm-up"));
        return items(lines) + "\n" + row(column -> column.cell(column.name())) + row(Column::rule);
    }

    String row(BenchResult result, double ratio) {
        boolean writing = !result.test().reading() && result.test().drafts() == 0;
        List<Object> values = new ArrayList<>(List.of(result.model(), result.test().name(), result.speed()));
        if (comparing) {
            values.add(number("%.2f", ratio));
        }
        values.add(writing ? number("%.1f", result.bytesPerSecond() / 1e9) : "");
        values.add(writing ? number("%.0f %%", 100 * result.bytesPerSecond() / result.readBandwidth()) : "");
        values.add(writing ? number("%.1f %%", 100 * result.samplingShare()) : "");
        values.add(number("%.1f", result.cacheBytes() / 1e6));
        values.add(result.cacheBytesPerToken());
        values.add(number("%.2f", result.conditions().cpuSeconds()));
        return row(column -> column.cell(values.get(columns.indexOf(column))));
    }

    private static String number(String pattern, double value) {
        return String.format(Locale.ROOT, pattern, value);
    }

    /** Returns the lines below the rows. @param partial true if tests are missing because of Ctrl-C or an error */
    String tail(List<BenchResult> results, boolean partial) {
        Set<String> lines = new LinkedHashSet<>();
        double[] read = results.stream().mapToDouble(BenchResult::readBandwidth).sorted().toArray();
        lines.add(
                String.format(Locale.ROOT, "read test: %.1f to %.1f GB/s", read[0] / 1e9, read[read.length - 1] / 1e9));
        results.forEach(result -> result.doubts().forEach(
                doubt -> lines.add("warning: " + result.model() + ", " + result.test().name() + ": " + doubt)));
        if (partial) {
            lines.add("partial: the run ended before its last test");
        }
        return "\n" + items(lines);
    }

    private static String items(Collection<String> lines) {
        return "- " + String.join("\n- ", lines) + "\n";
    }
}
