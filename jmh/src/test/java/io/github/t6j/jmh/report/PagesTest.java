package io.github.t6j.jmh.report;

import static io.github.t6j.jmh.report.TestResults.step;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Order of the contents, and the format of numbers. */
class PagesTest {
    private static final List<String> CONTEXTS = List.of("64", "128", "256", "512");

    /** Returns all attentions at four contexts, in random order. */
    private static List<Result> steps(long seed) {
        List<Result> steps = new ArrayList<>();
        CONTEXTS.forEach(context -> Labels.ATTENTIONS.forEach(attention -> steps.add(
                step(attention, "paper", Integer.parseInt(context), 2, 1000, 1000,
                        100 + Labels.ATTENTIONS.indexOf(attention)))));
        Collections.shuffle(steps, new Random(seed));
        return steps;
    }

    @Test
    void tpaStandsFirst() {
        long seed = 20261126;
        Section main = new Pages(Machine.unknown(), steps(seed)).sections().get(1);

        Table table = main.tables.getFirst();
        assertThat(table.header()).as("seed %d", seed).containsExactly("attention", "64 tokens", "256 tokens",
                "512 tokens", "time ÷ TPA's", "cache, bytes per token");
        assertThat(table.rows()).as("seed %d", seed).extracting(List::getFirst).containsExactly("TPA", "TPA KV-only",
                "MHA", "MQA", "GQA", "MLA", "MFA", "GTA", "GLA-2", "MLRA-4");
        assertThat(table.rows().getLast()).containsExactly(
                "MLRA-4", "6.98 µs ± 0 %", "27.9 µs ± 0 %", "55.8 µs ± 0 %", "1.09 ×", "1000");
    }

    @Test
    void fiveLinesSayHowToReadIt() {
        Section first = new Pages(Machine.unknown(), steps(1)).sections().getFirst();

        assertThat(first.title).isEqualTo("How to read this");
        assertThat(first.notes).hasSize(5);
    }

    @Test
    void rowsOfTpaAreMarkedAndNumbersKeepTheirUnits() {
        Pages pages = new Pages(Machine.unknown(), steps(2));

        String page = HtmlPage.of("title", pages.facts(), pages.sections());

        assertThat(page).contains("<tr class=\"own\"><td class=\"word\">TPA</td><td>6.40\u00a0µs ±\u00a00\u00a0%</td>")
                .contains("<tr><td class=\"word\">MHA</td>").contains("color-scheme: light dark")
                .contains("@media (prefers-color-scheme: dark)");
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
