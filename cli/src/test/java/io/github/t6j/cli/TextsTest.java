package io.github.t6j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code perplexity --texts}: each result equals perplexity's result for its text. */
class TextsTest {
    private static final long SEED = 5;

    @TempDir
    private Path folder;

    private CommandResult run(List<String> lines, String... more) throws IOException {
        Files.write(folder.resolve("in.jsonl"), lines);
        List<String> command = new ArrayList<>(List.of("perplexity", "--texts", folder.resolve("in.jsonl").toString(),
                "--out", folder.resolve("out.jsonl").toString(), "--json"));
        command.addAll(List.of(more));
        return CommandResult.of(command.toArray(String[]::new));
    }

    private List<Map<String, Object>> results() throws IOException {
        return Files.readAllLines(folder.resolve("out.jsonl")).stream()
                .map(line -> Json.parseObject(line.getBytes(StandardCharsets.UTF_8), "result")).toList();
    }

    private static String line(String text) {
        return Json.writeLine(Map.of("text", text));
    }

    private static Map<String, Object> alone(String text, String... more) {
        List<String> command = new ArrayList<>(List.of("perplexity", "--file", "-", "--json"));
        command.addAll(List.of(more));
        return CommandResult.withInput(text.getBytes(StandardCharsets.UTF_8), command.toArray(String[]::new)).json();
    }

    /** Returns pieces of a book, from some words to some windows. */
    private static List<String> texts(int count) throws IOException {
        String book = Files.readString(CommandResult.TESTDATA.resolve("text/test.txt"));
        Random random = new Random(SEED);
        return IntStream.range(0, count).mapToObj(i -> {
            int start = book.indexOf(' ', random.nextInt(100_000));
            return book.substring(start, book.indexOf(' ', start + 20 + random.nextInt(i % 3 == 0 ? 4000 : 300)));
        }).toList();
    }

    @Tag("full")
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            1  |
            3  | --context 200
            8  | --context 200 --stride 150
            8  | --context 150 --stride 31 --bos
            20 | --context 300 --bos --cache-type bf16
            """)
    void eachHasTheBitsThatItHasAlone(int parallel, String options) throws IOException {
        String[] more = options == null ? new String[0] : options.split(" ");
        String[] all = (String.join(" ", more) + " --parallel " + parallel).strip().split(" ");
        List<String> texts = texts(13);
        CommandResult ran = run(texts.stream().map(TextsTest::line).toList(), all);

        assertThat(ran.err()).isEmpty();
        assertThat(ran.code()).isZero();
        List<Map<String, Object>> results = results();
        assertThat(results).hasSize(13);
        double nll = 0;
        long scored = 0;
        long tokens = 0;
        long bytes = 0;
        for (int i = 0; i < texts.size(); i++) {
            Map<String, Object> expected = new LinkedHashMap<>();
            expected.put("index", (long) i);
            expected.putAll(alone(texts.get(i), more));
            expected.put("bytes", (long) texts.get(i).getBytes(StandardCharsets.UTF_8).length);
            assertThat(results.get(i)).as("seed " + SEED + ", text " + i).isEqualTo(expected);
            nll += (Double) expected.get("nll") * (Long) expected.get("scored");
            scored += (Long) expected.get("scored");
            tokens += (Long) expected.get("tokens");
            bytes += (Long) expected.get("bytes");
        }
        assertThat(ran.json()).containsEntry("texts", 13L).containsEntry("tokens", tokens)
                .containsEntry("scored", scored);
        assertThat((Double) ran.json().get("nll")).isCloseTo(nll / scored, within(1e-12));
        assertThat((Double) ran.json().get("perplexity")).isCloseTo(Math.exp(nll / scored), within(1e-8));
        assertThat((Double) ran.json().get("bits_per_byte")).isCloseTo(nll / Math.log(2) / bytes, within(1e-12));
    }

    /** Two equal halves have the mean of a half, and the error of twice as many ids. */
    @Test
    void theErrorOfTheTotalIsThatOfAllIds() throws IOException {
        String text = texts(1).getFirst();
        Map<String, Object> half = alone(text);
        Map<String, Object> total = run(List.of(line(text), line(text))).json();
        double n = (Long) half.get("scored");
        double variance = Math.pow((Double) half.get("nll_stderr"), 2) * n * (n - 1); // Σ (x − mean)²
        assertThat((Double) total.get("nll_stderr")).isCloseTo(Math.sqrt(2 * variance / (2 * n - 1) / (2 * n)),
                within(1e-12));
    }

    @Test
    void aBadLineDoesNotEndTheOthers() throws IOException {
        CommandResult ran = run(List.of(line("Call me Ishmael."), "{", "{\"id\": 7}", "{\"text\": 5}", line("a"),
                "{\"id\": \"x\", \"text\": \"The whale was white.\"}"));
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).isEqualTo("t6j: 4 of 6 lines failed; the key error of each result gives the reason\n");
        assertThat(ran.json()).containsEntry("texts", 2L);
        List<Map<String, Object>> results = results();
        assertThat((String) results.get(1).get("error")).contains("in.jsonl, line 2: not valid JSON");
        assertThat((String) results.get(2).get("error"))
                .endsWith("in.jsonl, line 3: text: expected a text, found no such key");
        assertThat(results.get(2)).containsEntry("id", 7L);
        assertThat((String) results.get(3).get("error")).endsWith("text: expected a text, found 5");
        assertThat((String) results.get(4).get("error"))
                .endsWith("line 5: expected a text of at least 2 tokens, found 1");
        assertThat(results.get(5)).containsEntry("id", "x").containsKey("nll");
    }

    @Tag("full")
    @Test
    void existingResultsAreNotComputedAgain() throws IOException {
        List<String> lines = new ArrayList<>(texts(5).stream().map(TextsTest::line).toList());
        lines.add(2, "{}");
        CommandResult whole = run(lines);
        String results = Files.readString(folder.resolve("out.jsonl"));
        List<String> written = results.lines().toList();
        for (int kept = 1; kept <= 6; kept += 2) {
            String begun = String.join("\n", written.subList(0, kept)) + "\n" + written.get(kept).substring(0, 14);
            Files.writeString(folder.resolve("out.jsonl"), begun);
            CommandResult ran = run(lines);
            assertThat(ran.err()).contains("note: " + (kept > 2 ? kept - 1 : kept) + " of 6 results are already in ");
            assertThat(ran.out()).isEqualTo(whole.out());
            assertThat(Files.readString(folder.resolve("out.jsonl"))).isEqualTo(results);
        }
        CommandResult again = run(lines);
        assertThat(again.out()).isEqualTo(whole.out());
        assertThat(again.code()).isEqualTo(1);
        assertThat(again.err()).contains("t6j: 1 of 6 lines failed");
    }

    @Test
    void mistakes() throws IOException {
        assertThat(run(List.of()).err()).contains("in.jsonl: expected one text per line, found none").hasLineCount(1);
        assertThat(CommandResult.of("perplexity", "--texts", "nowhere", "--out", folder.resolve("out.jsonl").toString())
                .err())
                .contains("nowhere: cannot be read: no such file").hasLineCount(1);
        Files.writeString(folder.resolve("out.jsonl"), "{\"index\": 0, \"text\": \"of generate\"}\n");
        assertThat(run(List.of(line("Call me"))).err())
                .contains("out.jsonl, line 1: expected the result of line 1 of the input").hasLineCount(1);
        Files.delete(folder.resolve("out.jsonl"));
        CommandResult none = run(List.of("{}"));
        assertThat(none.out()).isEmpty();
        assertThat(none.code()).isEqualTo(1);
        Files.delete(folder.resolve("out.jsonl"));
        Path model = CommandResult.TESTDATA.resolve("hostile/nan-weights");
        run(List.of(line(Files.readString(model.resolve("text.txt")))), "--model", model.toString());
        assertThat((String) results().getFirst().get("error"))
                .contains("line 1: expected a finite log-likelihood of token 1 (id 101), found NaN");
    }
}
