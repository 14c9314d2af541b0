package io.github.t6j.cli;

import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Results as a table in Markdown, row by row, with columns that are aligned. */
final class BenchTable {
    private final boolean filled;
    private final String format;
    private final String rule;

    /**
     * @param models names of all that will have rows
     * @param comparing whether there is a column for the ratio to the first model
     */
    BenchTable(Collection<String> models, Collection<BenchCase> tests, boolean comparing) {
        filled = tests.stream().anyMatch(test -> test.depth() > 0);
        int model = Math.max("model".length(), models.stream().mapToInt(String::length).max().orElse(0));
        int test = Math.max("test".length(), tests.stream().mapToInt(one -> one.name().length()).max().orElse(0));
        format = "| %1$-" + model + "s | %2$-" + test + "s | %3$15s | " + (comparing ? "%4$5s | " : "")
                + "%5$6s | %6$7s | %7$8s | %8$8s | %9$11s |\n";
        rule = cells("-".repeat(model), "-".repeat(test), "--------------:", "----:", "-----:", "------:", "-------:",
                "-------:", "----------:");
    }

    private String cells(Object... cells) {
        return String.format(Locale.ROOT, format, cells);
    }

    /** What stands above the rows. @param results one of each model, or more */
    String head(Collection<BenchResult> results) {
        Set<String> lines = new LinkedHashSet<>();
        for (BenchResult result : results) {
            lines.add(String.format(Locale.ROOT, "%s: %s, %.1f M parameters, %.1f MB of weights (%s)", result.model(),
                    result.info().attention().name(), result.info().sizes().parameters() / 1e6,
                    result.weightBytes() / 1e6, result.weightType()));
        }
        BenchResult first = results.iterator().next();
        lines.add(first.info().kernels() + "; Java " + Runtime.version());
        lines.add("cache: " + Choice.word(first.cacheType()) + (filled ? "; @: " + BenchReport.FILLED : ""));
        lines.add("tokens/s: mean ± standard deviation of " + first.seconds().length + " after a warm-up");
        return items(lines) + "\n" + cells("model", "test", "tokens/s", "ratio", "GB/s", "of read", "sampling",
                "cache MB", "bytes/token") + rule;
    }

    String row(BenchResult result, double ratio) {
        boolean writing = !result.test().reading();
        return cells(result.model(), result.test().name(), result.speed(), number("%.2f", ratio),
                writing ? number("%.1f", result.bytesPerSecond() / 1e9) : "",
                writing ? number("%.0f %%", 100 * result.bytesPerSecond() / result.readBandwidth()) : "",
                writing ? number("%.1f %%", 100 * result.samplingShare()) : "",
                number("%.1f", result.cacheBytes() / 1e6), result.cacheBytesPerToken());
    }

    private static String number(String pattern, double value) {
        return String.format(Locale.ROOT, pattern, value);
    }

    /** What is known only when all rows are. @param partial whether tests are missing, because of Ctrl-C */
    String tail(List<BenchResult> results, boolean partial) {
        Set<String> lines = new LinkedHashSet<>();
        double[] read = results.stream().mapToDouble(BenchResult::readBandwidth).sorted().toArray();
        lines.add(
                String.format(Locale.ROOT, "read test: %.1f to %.1f GB/s", read[0] / 1e9, read[read.length - 1] / 1e9));
        if (partial) {
            lines.add("partial: it was interrupted");
        }
        return "\n" + items(lines);
    }

    private static String items(Collection<String> lines) {
        return "- " + String.join("\n- ", lines) + "\n";
    }
}
