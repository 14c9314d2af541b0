package io.github.t6j.jmh.report;

import static io.github.t6j.jmh.report.TestResults.step;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.jmh.Machine;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Order of the contents, and the format of numbers. */
class PagesTest {
    private static final List<String> CONTEXTS = List.of("64", "128", "256", "512");

    /** Returns all attentions at four contexts, in random order. */
    private static List<Result> steps(long seed) {
        List<Result> steps = new ArrayList<>();
        CONTEXTS.forEach(context -> AttentionStyle.NAMES.forEach(attention -> steps.add(
                step(attention, "paper", Integer.parseInt(context), 2, 1000, 1000,
                        100 + AttentionStyle.NAMES.indexOf(attention)))));
        Collections.shuffle(steps, new Random(seed));
        return steps;
    }

    @Test
    void tpaStandsFirst() throws IOException {
        long seed = 20261126;
        String text = Report.of(Machine.unknown(), steps(seed)).markdown();

        assertThat(text).as("seed %d", seed).contains(
                "| attention | 64 tokens | 256 tokens | 512 tokens | time ÷ TPA's | cache, bytes per token |\n"
                        + "|---|--:|--:|--:|--:|--:|\n| TPA |",
                "\n| MLRA-4 | 6.98 µs ± 0 % | 27.9 µs ± 0 % | 55.8 µs ± 0 % | 1.09 × | 1000 |\n");
        assertThat(Pattern.compile("(?m)^\\| ([A-Z][A-Z0-9-]*(?: KV-only)?) \\|").matcher(text).results()
                .map(row -> row.group(1)).limit(10)).as("seed %d", seed).containsExactly("TPA", "TPA KV-only", "MHA",
                        "MQA",
                        "GQA", "MLA", "MFA", "GTA", "GLA-2", "MLRA-4");
    }

    /** The main table shows three of four contexts, here all except 128. */
    @Test
    void attentionsWithoutTheMainContextsAreLeftOutOfTheMainTable() throws IOException {
        List<Result> results = new ArrayList<>();
        for (String context : CONTEXTS) {
            for (String attention : List.of("mha", "tpa")) {
                results.add(step(attention, "paper", Integer.parseInt(context), 2, 1000, 1000, 100));
            }
        }
        results.add(step("mfa", "paper", 128, 2, 1000, 1000, 100));
        String[] sections = Report.of(Machine.unknown(), results).markdown().split("\n## ");

        assertThat(sections[2]).contains("\n| TPA |", "\n| MHA |").doesNotContain("MFA");
        assertThat(sections[4]).startsWith("Decode attention, all settings").contains("| MFA |");
    }

    @Test
    void parametersOfABenchmarkMayBreak() throws IOException {
        String page =
                Page.html("# A\n\n| b | c |\n|---|---|\n| rows=128 type=f32 (2 threads) | 5 ms ± 3 % |\n", List.of());

        assertThat(page).contains(">rows=128 type=f32 (2\u00a0threads)</th>", ">5\u00a0ms ±\u00a03\u00a0%</td>",
                "<th scope=\"col\">b</th>", "role=\"region\" tabindex=\"0\" aria-label=\"Table 1: A\"");
    }

    @Test
    void tablesOfOneHeadingHaveTheirOwnNames() throws IOException {
        String page = Page.html("# A\n\n## B\n\n| c |\n|---|\n| 1 |\n\nAnd:\n\n| d |\n|---|\n| 2 |\n", List.of());

        assertThat(page.lines().filter(line -> line.contains("role=\"region\""))
                .map(line -> line.replaceAll(".*aria-label=\"(.*)\">.*", "$1"))).containsExactly("Table 1: B",
                        "Table 2: B");
    }

    @Test
    void fiveLinesAfterTheMainTableExplainIt() throws IOException {
        String[] sections = Report.of(Machine.unknown(), steps(1)).markdown().split("\n## ");

        assertThat(sections[1]).startsWith("Which attention for my context?\n")
                .contains("| 64 | TPA | 6.40 µs ± 0 % |");
        assertThat(sections[2]).startsWith("TPA and the other attentions: f32 cache, 2 threads\n");
        assertThat(sections[3]).startsWith("How to read this");
        assertThat(sections[3].lines().filter(line -> line.startsWith("- "))).hasSize(5);
    }

    @Test
    void rowsOfTpaAreMarkedAndNumbersKeepTheirUnits() throws IOException {
        Report report = Report.of(Machine.unknown(), steps(2));

        String page = Page.html(report.markdown(), report.plots());

        assertThat(page).containsPattern(
                "<tr class=\"own\">\\s*<th scope=\"row\">TPA</th>\\s*"
                        + "<td align=\"right\">6.40\u00a0µs ±\u00a00\u00a0%</td>")
                .containsPattern("<tr>\\s*<th scope=\"row\">MHA</th>").contains("color-scheme: light dark")
                .contains("@media (prefers-color-scheme: dark)");
    }

    @Test
    void longTablesAreFolded() throws IOException {
        List<Result> many = new ArrayList<>();
        for (int context = 64; context < 64 + 25; context++) {
            many.add(step("mha", "paper", context, 2, 1000, 1000, 100));
        }
        Report report = Report.of(Machine.unknown(), many);

        assertThat(report.markdown()).contains("<details><summary>25 rows</summary>\n\n| setting | tokens | MHA |\n");
        assertThat(Page.html(report.markdown(), report.plots())).contains("<details><summary>25 rows</summary>")
                .contains("</details>");
    }

    @ParameterizedTest
    @CsvSource({"0.0000999, 99.9 µs", "0.000099951, 100 µs", "0.00099996, 1.00 ms", "0.5, 500 ms", "12.34, 12.3 s",
        "0.0000000042, 4.20 ns", "1e-10, 0.10 ns"})
    void timesHaveThreeDigitsAndAUnit(double seconds, String text) {
        assertThat(Numbers.time(seconds)).isEqualTo(text);
    }

    @Test
    void numbersAreWrittenInOneWay() {
        assertThat(Numbers.rate(35.24e9, "B/s")).isEqualTo("35.2 GB/s");
        assertThat(Numbers.size(400L << 20)).isEqualTo("400 MiB");
        assertThat(Numbers.size(1152L << 20)).isEqualTo("1.13 GiB");
        assertThat(Numbers.whole(16384)).isEqualTo("16384");
        assertThat(Numbers.digits(1015.3)).isEqualTo("1015");
        assertThat(Numbers.factor(10)).isEqualTo("10.0 ×");
        assertThat(Numbers.percent(1.374)).isEqualTo("137 %");
    }
}
