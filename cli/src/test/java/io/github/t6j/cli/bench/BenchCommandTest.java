package io.github.t6j.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.Model;
import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.cli.CommandResult;
import io.github.t6j.cli.bench.BenchResult.Conditions;
import io.github.t6j.json.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Formats, names, sizes and ratios; the measured speed is not tested. */
class BenchCommandTest {
    private static final List<String> KEYS = List.of(
            "model", "test", "tokens", "batch", "depth", "depth_by", "tokens_per_second", "tokens_per_second_sd",
            "ratio",
            "repetitions", "bytes_per_second", "read_bandwidth", "bandwidth_share", "sampling_share", "cache_type",
            "cache_bytes", "cache_bytes_per_token", "variant", "parameters", "weights_type", "weights_bytes",
            "huge_pages_bytes", "cpu_seconds", "other_processors", "cold", "warnings", "processor", "kernels",
            "threads",
            "jdk");

    private static CommandResult bench(String... options) {
        List<String> args = new ArrayList<>(List.of(
                "bench", "--prompt", "5", "--generate", "3", "--repetitions", "2", "--warm-up", "0", "--threads", "2"));
        args.addAll(List.of(options));
        if (!args.contains("--model")) {
            args.addAll(List.of("--model", CommandResult.TINY));
        }
        return CommandResult.of(args.toArray(String[]::new));
    }

    private static List<Map<String, Object>> rows(CommandResult ran) {
        assertThat(ran.err()).isEmpty();
        assertThat(ran.code()).isZero();
        Object json = Json.parse(ran.out().getBytes(StandardCharsets.UTF_8), "standard output");
        return Json.array(json, "rows").stream().map(row -> Json.object(row, "row")).toList();
    }

    private static double number(Map<String, Object> row, String key) {
        return ((Number) row.get(key)).doubleValue();
    }

    @Test
    void jsonHasARowATestWithEveryKey() {
        List<Map<String, Object>> rows =
                rows(bench("--depth", "0,70", "--batch", "1", "--batch", "2", "--format", "json"));

        assertThat(rows).extracting(row -> row.get("test"))
                .containsExactly("pp5", "tg3", "tg3 x2", "pp5 @70", "tg3 @70", "tg3 x2 @70");
        for (Map<String, Object> row : rows) {
            assertThat(row.keySet()).containsExactlyElementsOf(KEYS);
            assertThat(row).containsEntry("model", "t6-tiny").containsEntry("variant", "T6")
                    .containsEntry("threads", 2L)
                    .containsEntry("cache_type", "f32").containsEntry("weights_type", "f32").containsEntry("ratio", 1.0)
                    .containsEntry("repetitions", 2L).containsEntry("cache_bytes_per_token", 3840L)
                    .containsEntry("jdk", Runtime.version().toString());
            assertThat(number(row, "tokens_per_second")).isPositive();
            assertThat(number(row, "tokens_per_second_sd")).isNotNegative();
            assertThat(number(row, "read_bandwidth")).isPositive();
            long cached = (Long) row.get("batch") * ((Long) row.get("depth") + (Long) row.get("tokens"));
            assertThat(row).containsEntry("cache_bytes", 3840 * cached);
            assertThat(row.get("depth_by"))
                    .isEqualTo((Long) row.get("depth") == 0 ? null : "cache filled with seeded rows");
        }
    }

    /** Writing one token in each of two sessions reads the weights once, and 70 + 1, 2, 3 tokens of each cache. */
    @Test
    void bytesAreThoseOfWeightsAndCaches() {
        List<Map<String, Object>> rows = rows(
                bench("--depth", "70", "--batch", "2", "--cache-type", "q8", "--format", "json"));

        assertThat(rows.get(0)).containsEntry("test", "pp5 @70").containsEntry("bytes_per_second", null)
                .containsEntry("bandwidth_share", null).containsEntry("sampling_share", null);
        Map<String, Object> row = rows.get(1);
        double step = number(row, "weights_bytes") + 2 * 72 * 1536;
        double bytesPerSecond = number(row, "tokens_per_second") / 2 * step;
        assertThat(number(row, "bytes_per_second")).isCloseTo(bytesPerSecond, within(1e-6 * bytesPerSecond));
        assertThat(number(row, "bandwidth_share"))
                .isCloseTo(bytesPerSecond / number(row, "read_bandwidth"), within(1e-6));
        assertThat(number(row, "sampling_share")).isBetween(0.0, 1.0);
    }

    @Test
    void csvHasTheSameColumns() {
        CommandResult ran = bench("--format", "csv");

        assertThat(ran.code()).isZero();
        String[] lines = ran.out().split("\n");
        assertThat(lines).hasSize(3);
        assertThat(lines[0]).isEqualTo(String.join(",", KEYS));
        assertThat(lines[1]).startsWith("t6-tiny,pp5,5,1,0,,").contains(",,").contains("2 threads\",2,")
                .containsPattern(",\"(native, .*; )?S");
        assertThat(lines[2]).startsWith("t6-tiny,tg3,3,1,0,,")
                .containsPattern(",f32,11520,3840,T6,3311616,f32,\\d+,\\d+,[\\d.E-]+,[\\d.E-]+,false,");
    }

    @Test
    void markdownIsOneTable() {
        CommandResult ran = bench("--depth", "9");

        assertThat(ran.code()).isZero();
        assertThat(ran.out())
                .startsWith("- t6-tiny: T6, 3.3 M parameters, 1")
                .containsPattern("MB of weights \\(f32\\), \\d+ % in huge pages\n")
                .contains("2 threads; Java " + Runtime.version(), "- cache: f32; @: cache filled with seeded rows\n")
                .contains(
                        "± standard deviation of 2 after a warm-up\n\n| model   | test   |        tokens/s |   GB/s | of ")
                .containsPattern(
                        "\n\\| t6-tiny \\| pp5 @9 \\| +[\\d.]+ ± [\\d.]+ \\| {8}\\| {9}\\| {10}\\| +0\\.1 \\| +3840 "
                                + "\\| +\\d\\.\\d\\d \\|\n")
                .containsPattern(
                        "\\| t6-tiny \\| tg3 @9 \\| +[\\d.]+ ± [\\d.]+ \\| +[\\d.]+ \\| +\\d+ % \\| +[\\d.]+ % \\| +0\\.0 "
                                + "\\| +3840 \\| +\\d\\.\\d\\d \\|\n\n- read test: [\\d.]+ to [\\d.]+ GB/s\n");
        assertThat(ran.out().lines().filter(line -> line.startsWith("|")).mapToInt(String::length).distinct())
                .hasSize(1);
    }

    /** Columns that do not fit are dropped from the right, on terminals only. */
    @Tag("full")
    @ParameterizedTest
    @ValueSource(ints = {60, 80, 100})
    void aTerminalHasTheColumnsThatFit(int columns) {
        String[] args = {"bench", "--prompt", "5", "--generate", "0", "--repetitions", "1", "--warm-up", "0"};
        Map<String, String> environment = Map.of("COLUMNS", "" + columns);
        String terminal = CommandResult.in(environment, "", args).out();
        assertThat(terminal.lines().filter(line -> line.startsWith("|")))
                .hasSize(3).allMatch(line -> line.length() <= columns);
        assertThat(terminal.contains("| cache MB |")).isEqualTo(columns >= 80);
        assertThat(terminal.contains("| bytes/token |")).isEqualTo(columns == 100);
        assertThat(CommandResult.in(environment, null, args).out()).contains("| bytes/token |");
    }

    @Tag("full")
    @Test
    void modelsStandSideBySide() {
        String odd = CommandResult.TESTDATA.resolve("golden/T6_odd").toString();
        String gqa = CommandResult.TESTDATA.resolve("golden/llama-gqa").toString();
        List<Map<String, Object>> rows =
                rows(bench("--model", odd, "--compare", gqa, CommandResult.TINY, "--format", "json"));

        assertThat(rows).extracting(row -> row.get("model"))
                .containsExactly("T6_odd", "llama-gqa", "t6-tiny", "T6_odd", "llama-gqa", "t6-tiny");
        assertThat(rows).extracting(row -> row.get("test")).containsExactly("pp5", "pp5", "pp5", "tg3", "tg3", "tg3");
        for (int i = 0; i < rows.size(); i++) {
            double ratio = number(rows.get(i), "tokens_per_second") / number(rows.get(i / 3 * 3), "tokens_per_second");
            assertThat(number(rows.get(i), "ratio")).isCloseTo(ratio, within(1e-9 * ratio));
        }
        assertThat(bench("--compare", gqa).out()).contains("|        tokens/s | ratio |", "- llama-gqa: GQA");
    }

    @Test
    void aStateHasNoBytesPerToken() {
        String linear = CommandResult.TESTDATA.resolve("golden/T6_linearattn").toString();

        for (Map<String, Object> row : rows(bench(
                "--model", linear, "--variant", "linearattn", "--depth", "100", "--format", "json"))) {
            assertThat(row).containsEntry("cache_bytes_per_token", 0L);
            assertThat(number(row, "cache_bytes")).isPositive();
        }
    }

    @Test
    void draftsAreRightWrongOrBoth() {
        List<Map<String, Object>> rows = rows(bench("--depth", "0,70", "--speculate", "3", "--format", "json"));
        assertThat(rows).extracting(row -> row.get("test")).containsExactly(
                "pp5", "tg3", "tg3 +3 4/4", "tg3 +3 3/4", "tg3 +3 0/4",
                "pp5 @70", "tg3 @70", "tg3 @70 +3 4/4", "tg3 @70 +3 3/4", "tg3 @70 +3 0/4");
        assertThat(rows.get(2)).containsEntry("bytes_per_second", null);
    }

    @Test
    void reportCountsMeanDeviationAndShares() {
        BenchCase test = new BenchCase(false, 30, 2, 4);
        try (Model model = Model.load(Path.of(CommandResult.TINY))) {
            Conditions conditions = new Conditions(7.5, 0.34, 990_000, false, true);
            BenchResult result = new BenchResult(
                    "a,b", model.info(), 1_000_000, "bf16", 3, test, CacheType.BF16, new double[] {2, 3, 6}, 4e6, 1e9,
                    0.125, conditions, 5_500_000, 77);
            // 60 tokens in 2, 3 and 6 s: 30, 20, 10 per second; 40 steps of two tokens would be 40 MB.
            assertThat(result.tokensPerSecond()).isEqualTo(20);
            assertThat(result.deviation()).isCloseTo(10, within(1e-12));
            assertThat(result.bytesPerSecond()).isEqualTo(4e7);
            assertThat(new BenchReport(List.of(result), false, false, 0).in(BenchCommand.Format.MD))
                    .contains(
                            "\n| a,b   | tg30 x2 @4 |     20.0 ± 10.0 |    0.0 |     4 % |   12.5 % |      5.5 |          77 |  7.50 |\n",
                            "- a,b: T6, 3.3 M parameters, 1.0 MB of weights (bf16), 99 % in huge pages\n",
                            "read test: 1.0 to 1.0 GB/s\n",
                            "- warning: a,b, tg30 x2 @4: other processes used 0.3 processors\n",
                            "- warning: a,b, tg30 x2 @4: the repetitions differ by ± 50 %\n");
            assertThat(new BenchReport(List.of(result), false, false, 0).in(BenchCommand.Format.CSV).split("\n")[1])
                    .startsWith("\"a,b\",tg30 x2 @4,30,2,4,cache filled with seeded rows,20.0,1");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            --prompt -1                         | --prompt: expected 0 or more, found -1
            --generate -2                       | --generate: expected 0 or more, found -2
            --prompt 0 --generate 0             | expected at least one above 0, found 0 for both
            --depth -1                          | --depth: expected 0 or more, found -1
            --depth 1,x                         | expected a whole number, found 'x'
            --depth 2000000000                  | expected at most 1073741824 tokens
            --batch 0                           | --batch: expected 1 or more, found 0
            --repetitions 0                     | --repetitions: expected 1 or more, found 0
            --warm-up -1                        | --warm-up: expected 0 seconds or more
            --format xml                        | expected md or csv or json, found 'xml'
            """)
    void wrongNumbersAreBadUsage(String options, String message) {
        List<String> args = new ArrayList<>(List.of("bench"));
        args.addAll(Arrays.asList(options.split(" +")));
        CommandResult ran = CommandResult.of(args.toArray(String[]::new));

        assertThat(ran.err()).startsWith("t6j: ").contains(message).hasLineCount(1);
        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.out()).isEmpty();
    }

    /** The processes of --cold have the same options and measure the same bytes. */
    @Test
    void coldTestsRunInNewProcesses() {
        List<Map<String, Object>> rows = rows(bench("--cold", "--format", "json", "--cache-type", "q8"));

        assertThat(rows).extracting(row -> row.get("test")).containsExactly("pp5", "tg1");
        for (Map<String, Object> row : rows) {
            assertThat(row).containsEntry("cold", true).containsEntry("repetitions", 2L)
                    .containsEntry("cache_type", "q8").containsEntry("threads", 2L)
                    .containsEntry("cache_bytes", 1536 * (Long) row.get("tokens"));
            assertThat(number(row, "tokens_per_second")).isPositive();
            assertThat(number(row, "cpu_seconds")).isPositive();
        }
        CommandResult ran = bench("--cold", "--compare", CommandResult.TINY);
        assertThat(ran.err()).startsWith("t6j: --cold: expected no --compare").hasLineCount(1);
        assertThat(ran.code()).isEqualTo(2);
    }

    @Test
    void aMissingModelIsNamed() {
        CommandResult ran = bench("--compare", "nowhere");

        assertThat(ran.err()).startsWith("t6j: --compare nowhere: expected a folder").hasLineCount(1);
        assertThat(ran.code()).isEqualTo(1);
    }

    @Test
    void anAdapterIsAddedToTheModel() {
        CommandResult ran = bench("--adapter", "no/such/adapter");
        assertThat(ran.err()).contains("--adapter no/such/adapter: expected the folder");
        assertThat(ran.code()).isNotZero();
    }
}
