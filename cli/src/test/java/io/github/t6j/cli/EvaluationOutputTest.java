package io.github.t6j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.Model;
import io.github.t6j.Session;
import io.github.t6j.cli.evaluate.Perplexity;
import io.github.t6j.json.Json;
import io.github.t6j.sampling.Sampler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Errors of a perplexity, the details of score, and the notes of convert. */
class EvaluationOutputTest {
    private static final String TEXT = "The whale was in the sea, and the captain looked at it from the ship.";

    @TempDir
    private Path folder;

    /** Computes the error in a second pass over the deviations from the mean, with sessions of its own. */
    @Test
    void theErrorIsThatOfTheMean() throws IOException {
        double[] nlls;
        try (Model model = Model.load(Path.of(CommandResult.TINY)); Session session = model.newSession()) {
            int[] ids = model.tokenizer().encode(TEXT);
            nlls = new double[ids.length - 1];
            for (int i = 0; i < nlls.length; i++) {
                session.step(ids[i]);
                float[] logits = session.logits();
                double sum = 0;
                for (float logit : logits) {
                    sum += Math.exp(logit);
                }
                nlls[i] = Math.log(sum) - logits[ids[i + 1]];
            }
        }
        double mean = 0;
        for (double nll : nlls) {
            mean += nll / nlls.length;
        }
        double squares = 0;
        for (double nll : nlls) {
            squares += (nll - mean) * (nll - mean);
        }
        double error = Math.sqrt(squares / (nlls.length - 1) / nlls.length);
        byte[] input = TEXT.getBytes(StandardCharsets.UTF_8);

        Map<String, Object> json =
                CommandResult.withInput(input, "perplexity", "--model", CommandResult.TINY, "--file", "-", "--json")
                        .json();

        assertThat((Double) json.get("nll")).isCloseTo(mean, within(1e-4));
        assertThat((Double) json.get("nll_stderr")).isCloseTo(error, within(1e-4));
        assertThat((Double) json.get("perplexity_stderr")).isCloseTo(Math.exp(mean) * error, within(1e-2));
        Path file = Files.write(folder.resolve("text"), input);
        assertThat(CommandResult.of("perplexity", "--model", CommandResult.TINY, "--file", file.toString(), "--json")
                .json())
                .isEqualTo(json);
        assertThat(
                CommandResult.withInput(new byte[0], "perplexity", "--model", CommandResult.TINY, "--file", "-").err())
                .contains("standard input: expected a text of at least 2 tokens, found 0");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            59.01234 | 2.2345   | 59.0 ± 2.2
            4.07812  | 0.038    | 4.078 ± 0.038
            1234.5   | 45.6     | 1235 ± 46
            1234.5   | 456      | 1235 ± 456
            3.5      | NaN      | 3.5000
            3.5      | 0        | 3.5000
            3.5      | Infinity | 3.5000
            3.5      | 1e-30    | 3.500000000 ± 0.000000000
            9999999  | 12       | 9999999 ± 12
            1.23456e120 | 4.56e118 | 1.235e+120 ± 4.6e+118
            1.23456e120 | NaN   | 1.235e+120
            2e7      | 0.3      | 2.000e+07 ± 3.0e-01
            """)
    void digitsAreThoseThatTheErrorLeaves(double value, double error, String text) {
        assertThat(Perplexity.measured(value, error)).isEqualTo(text);
    }

    /** e^800 is more than a double holds. */
    @Test
    void aPerplexityBeyondNumbersIsPrintedAsItsLogarithm() {
        Perplexity perplexity = new Perplexity();
        perplexity.add(799);
        perplexity.add(801);
        Map<String, Object> fields = perplexity.fields(3, 7);
        assertThat(fields).containsEntry("nll", 800.0).containsEntry("perplexity", null);
        assertThat(Json.write(fields)).contains("\"perplexity\": null");
        assertThat(Perplexity.lines(fields)).containsPattern("nll +800.0 ± 1.0")
                .containsPattern("perplexity +over 1.8e308");
    }

    @Test
    void aSingleIdHasNoError() {
        byte[] two = "The whale".getBytes(StandardCharsets.UTF_8);
        assertThat(CommandResult.withInput(two, "perplexity", "--model", CommandResult.TINY, "--file", "-", "--json")
                .json())
                .containsEntry("scored", 1L).containsEntry("nll_stderr", null).containsEntry("perplexity_stderr", null);
        assertThat(CommandResult.withInput(two, "perplexity", "--model", CommandResult.TINY, "--file", "-").out())
                .doesNotContain("±",
                        "NaN");
    }

    @Test
    void scoreWritesEachQuestion() throws IOException {
        Path task = Files.writeString(folder.resolve("task"), """
                {"context": "The whale", "choices": ["was", "xq"], "gold": 0}

                {"context": "It was a", "choices": ["zzzz", "great"], "gold": 0}
                {"context": "x", "choices": ["y"], "gold": 0}
                """);
        Path details = folder.resolve("details.jsonl");

        CommandResult ran = CommandResult.of("score", "--model", CommandResult.TINY, "--file", task.toString(),
                "--limit", "2", "--details",
                details.toString(), "--json");

        assertThat(ran.err()).isEmpty();
        assertThat(ran.json()).containsEntry("questions", 2L).containsEntry("acc", 0.5).doesNotContainKey("partial");
        List<Map<String, Object>> lines = Files.readAllLines(details).stream()
                .map(line -> Json.parseObject(line.getBytes(StandardCharsets.UTF_8), "line")).toList();
        assertThat(lines).hasSize(2);
        assertThat(lines.get(0)).containsEntry("question", task + ", line 1").containsEntry("choice", 0L)
                .containsEntry("gold", 0L).containsEntry("choices", List.of("was", "xq"));
        assertThat(lines.get(1)).containsEntry("question", task + ", line 3").containsEntry("choice", 1L);
        try (Model model = Model.load(Path.of(CommandResult.TINY)); Session session = model.newSession()) {
            session.prefill(model.tokenizer().encode("The whale"));
            int was = model.tokenizer().encode(" was")[0];
            assertThat((List<?>) lines.getFirst().get("log_likelihoods")).hasSize(2)
                    .first().isEqualTo((double) Sampler.logProbability(session.logits(), was));
        }
        assertThat(
                CommandResult.of("score", "--model", CommandResult.TINY, "--file", task.toString(), "--details",
                        folder.toString()).err())
                .contains("cannot be written").hasLineCount(1);
        assertThat(CommandResult.of("score", "--model", CommandResult.TINY, "--file", task.toString(), "--limit", "9")
                .out())
                .startsWith("questions 3\n");
    }

    @Test
    void convertReportsSizesAndRounding() throws IOException {
        Path eight = folder.resolve("eight");
        Path four = folder.resolve("four");
        CommandResult.of("init", "--preset", "tiny", "--dtype", "q8_0", "--out", eight.toString()).assertMade(eight);

        CommandResult ran = CommandResult.of("convert", eight.toString(), four.toString(), "--dtype", "q4_0");

        double ratio =
                (double) Files.size(four.resolve("model.safetensors")) / Files.size(eight.resolve("model.safetensors"));
        assertThat(ran.code()).isZero();
        assertThat(ran.err()).contains("note: q8_0 weights are rounded a second time, to q4_0")
                .contains("wrote " + four + ": 3 files, weights of 1.9 MB, "
                        + String.format(Locale.ROOT, "%.2f times the original 3.5 MB", ratio))
                .hasLineCount(2);
        Path again = folder.resolve("again");
        assertThat(CommandResult.of("convert", four.toString(), again.toString(), "--dtype", "f32").err())
                .hasLineCount(1);
    }

    /** The first line appears before the first window is scored, and the time left while it is. */
    @Test
    void perplexityShowsItsProgressAtOnce() throws IOException {
        Path text = Files.writeString(folder.resolve("long.txt"), "The whale and the sea. ".repeat(150));
        CommandResult ran = CommandResult.onTerminal("perplexity", "--model", CommandResult.TINY, "--file",
                text.toString(), "-c", "512");
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.err()).contains("\rperplexity 0.0 %").containsPattern("perplexity [1-9].* s left");
    }

    @Test
    void perplexityOfTextsShowsItsProgressAtOnce() throws IOException {
        Path texts = folder.resolve("texts.jsonl");
        Files.writeString(texts, "{\"text\": \"The whale and the sea.\"}\n".repeat(2));
        CommandResult ran = CommandResult.onTerminal("perplexity", "--model", CommandResult.TINY, "--texts",
                texts.toString(), "--out", folder.resolve("out.jsonl").toString());
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.err()).contains("\rperplexity 0.0 %");
    }
}
