package io.github.t6j.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.Embedder;
import io.github.t6j.Embedding;
import io.github.t6j.EmbeddingOptions;
import io.github.t6j.Model;
import io.github.t6j.Pooling;
import io.github.t6j.Prompt;
import io.github.t6j.cli.CommandResult;
import io.github.t6j.json.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code t6j embed}: each line of the output is the library's embedding of its text alone. */
class EmbedCommandTest {
    private static final long SEED = 12;
    private static final EmbeddingOptions DEFAULTS = EmbeddingOptions.defaults();
    private static final String NOTE =
            "t6j: note: the model's files specify no pooling: embeddings are the mean of the hidden states\n";

    private static Model model;

    @TempDir
    private Path folder;

    @BeforeAll
    static void load() {
        model = Model.load(Path.of(CommandResult.TINY));
    }

    @AfterAll
    static void close() {
        model.close();
    }

    private CommandResult run(List<String> lines, String... more) throws IOException {
        Path file = Files.write(folder.resolve("in.jsonl"), lines);
        List<String> command = new ArrayList<>(List.of("embed", file.toString()));
        command.addAll(List.of(more));
        if (!command.contains("--model")) {
            command.addAll(List.of("--model", CommandResult.TINY));
        }
        return CommandResult.of(command.toArray(String[]::new));
    }

    private static String line(String text) {
        return Json.writeLine(Map.of("text", text));
    }

    private static List<Map<String, Object>> results(String out) {
        return out.lines().map(line -> Json.parseObject(line.getBytes(StandardCharsets.UTF_8), "result")).toList();
    }

    private static float[] vector(Map<String, Object> result) {
        List<?> list = (List<?>) result.get("embedding");
        float[] vector = new float[list.size()];
        for (int i = 0; i < vector.length; i++) {
            vector[i] = ((Number) list.get(i)).floatValue();
        }
        return vector;
    }

    private static void assertEmbeds(Map<String, Object> result, Prompt prompt, EmbeddingOptions options) {
        Embedding expected = new Embedder(model, options).embed(prompt);
        assertThat(vector(result)).as("seed " + SEED).isEqualTo(expected.vector());
        assertThat(result).containsEntry("tokens", (long) expected.tokens());
    }

    /** Returns pieces of a book, from some words to several passes. */
    private static List<String> texts(int count) throws IOException {
        String book = Files.readString(CommandResult.TESTDATA.resolve("text/test.txt"));
        Random random = new Random(SEED);
        return IntStream.range(0, count).mapToObj(i -> {
            int start = book.indexOf(' ', random.nextInt(100_000));
            return book.substring(start, book.indexOf(' ', start + 3 + random.nextInt(i % 5 == 0 ? 1500 : 200)));
        }).toList();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 64})
    void eachLineHasTheBitsThatItHasAlone(int parallel) throws IOException {
        List<String> texts = texts(41);
        CommandResult ran = run(texts.stream().map(EmbedCommandTest::line).toList(), "--parallel", "" + parallel);
        assertThat(ran.err()).isEqualTo(NOTE);
        assertThat(ran.code()).isZero();
        List<Map<String, Object>> results = results(ran.out());
        assertThat(results).hasSize(41);
        for (int i = 0; i < 41; i++) {
            assertThat(results.get(i)).containsEntry("index", (long) i).containsOnlyKeys("index", "embedding",
                    "tokens");
            assertEmbeds(results.get(i), Prompt.of(texts.get(i)), DEFAULTS);
        }
    }

    @Test
    void idsAndIdentifiersAreKept() throws IOException {
        CommandResult ran = run(List.of("{\"id\": 7, \"text\": \"The whale\"}",
                "{\"ids\": [5, 17, 3], \"id\": {\"a\": [1]}, \"other\": true}"));
        List<Map<String, Object>> results = results(ran.out());
        assertThat(results.get(0)).containsEntry("id", 7L);
        assertThat(results.get(1)).containsEntry("id", Map.of("a", List.of(1L)));
        assertEmbeds(results.get(0), Prompt.of("The whale"), DEFAULTS);
        assertEmbeds(results.get(1), Prompt.of(5, 17, 3), DEFAULTS);
    }

    @Test
    void optionsAreThoseOfTheLibrary() throws IOException {
        List<String> lines = List.of(line("The whale swims."), line("word ".repeat(2000)));
        List<Map<String, Object>> results = results(run(lines, "--pooling", "last", "--no-normalize", "--layer", "2",
                "--dimensions", "33", "--truncate").out());
        EmbeddingOptions options = DEFAULTS.withPooling(Pooling.LAST).withNormalized(false).withLayer(2)
                .withDimensions(33).withTruncate(true);
        assertEmbeds(results.get(0), Prompt.of("The whale swims."), options);
        assertEmbeds(results.get(1), Prompt.of("word ".repeat(2000)), options);
        assertThat(vector(results.get(0))).hasSize(33);
        assertEmbeds(results(run(lines.subList(0, 1), "--pooling", "cls").out()).getFirst(),
                Prompt.of("The whale swims."), DEFAULTS.withPooling(Pooling.CLS));
    }

    @Test
    void textsOfTheCommandLineAndOfAPipe() {
        CommandResult ran = CommandResult.of(
                "embed", "-m", CommandResult.TINY, "-p", "The whale", "--prompt", "The sea\n\"é\"", "--pooling",
                "mean");
        assertThat(ran.err()).isEmpty();
        List<Map<String, Object>> results = results(ran.out());
        assertThat(results).hasSize(2);
        assertEmbeds(results.get(0), Prompt.of("The whale"), DEFAULTS);
        assertEmbeds(results.get(1), Prompt.of("The sea\n\"é\""), DEFAULTS);
        CommandResult piped = CommandResult.withInput(
                "The whale\nThe sea\n".getBytes(StandardCharsets.UTF_8), "embed", "-m", CommandResult.TINY);
        assertThat(results(piped.out())).hasSize(1);
        assertEmbeds(results(piped.out()).getFirst(), Prompt.of("The whale\nThe sea\n"), DEFAULTS);
    }

    /** Lines are embedded together; only the one whose vector is NaN has an error. */
    @Test
    void aVectorOfNaNIsTheErrorOfItsLine() throws IOException {
        Path damaged = Files.createDirectory(folder.resolve("damaged"));
        for (String name : List.of("config.json", "tokenizer.json", "model.safetensors")) {
            Files.copy(Path.of(CommandResult.TINY, name), damaged.resolve(name));
        }
        byte[] bytes = Files.readAllBytes(damaged.resolve("model.safetensors"));
        ByteBuffer file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int data = 8 + (int) file.getLong(0);
        Map<String, Object> header = Json.parseObject(Arrays.copyOfRange(bytes, 8, data), "header");
        int matrix = data + ((Long) Json.array(Json.object(header.get("lm_head.weight"), "tensor").get("data_offsets"),
                "offsets").getFirst()).intValue();
        file.putFloat(matrix + 2500 * 192 * Float.BYTES, Float.NaN);
        Files.write(damaged.resolve("model.safetensors"), bytes);
        Path out = folder.resolve("out.jsonl");
        List<String> lines = List.of(line("Call me"), "{\"ids\": [5, 2500]}", line("a whale"), "{\"ids\": [7]}");
        CommandResult ran = run(lines, "--out", out.toString(), "--model", damaged.toString());
        assertThat(ran.code()).isEqualTo(1);
        List<Map<String, Object>> results = results(Files.readString(out));
        assertEmbeds(results.get(0), Prompt.of("Call me"), DEFAULTS);
        assertThat((String) results.get(1).get("error")).contains("found NaN");
        assertEmbeds(results.get(2), Prompt.of("a whale"), DEFAULTS);
        assertEmbeds(results.get(3), Prompt.of(7), DEFAULTS);
    }

    @Test
    void aBadLineDoesNotEndTheOthers() throws IOException {
        Path out = folder.resolve("out.jsonl");
        List<String> lines = List.of(line("Call me Ishmael."), "{", "{\"id\": 7}", "{\"text\": 5}", line(""),
                "{\"ids\": [1, -2]}", "{\"ids\": [1, 999999]}", line("word ".repeat(2000)), line("a"));
        CommandResult ran = run(lines, "--out", out.toString());
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err()).isEqualTo(
                NOTE + "t6j: 7 of 9 lines failed; the key error of each result gives the reason\n");
        List<Map<String, Object>> results = results(Files.readString(out));
        assertEmbeds(results.get(0), Prompt.of("Call me Ishmael."), DEFAULTS);
        assertThat((String) results.get(1).get("error")).contains("in.jsonl, line 2: not valid JSON");
        assertThat((String) results.get(2).get("error")).endsWith("in.jsonl, line 3: text: expected a text (or the key"
                + " ids, a list of ids), found no such key");
        assertThat(results.get(2)).containsEntry("id", 7L);
        assertThat((String) results.get(3).get("error")).endsWith("found 5");
        assertThat((String) results.get(4).get("error"))
                .endsWith("line 5: prompt: expected at least one token, found none: remove empty texts");
        assertThat((String) results.get(5).get("error")).endsWith("ids: expected a list of ids, found [1,-2]");
        assertThat((String) results.get(6).get("error")).contains("line 7: prompt: expected ids from 0 to ");
        assertThat((String) results.get(7).get("error")).contains("line 8: prompt: expected at most ")
                .contains("tokens, the model's context, found ");
        assertEmbeds(results.get(8), Prompt.of("a"), DEFAULTS);
    }

    @Test
    void withoutAFileForResultsAMalformedLineEndsTheRunBeforeItBegins() throws IOException {
        CommandResult ran = run(List.of(line("a"), "{\"txt\": \"b\"}"));
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err()).endsWith("in.jsonl, line 2: text: expected a text (or the key ids, a list of ids), found"
                + " no such key\n").hasLineCount(1);
        assertThat(ran.code()).isEqualTo(1);

        ran = run(List.of(line("a"), line("b"), line("word ".repeat(2000)), line("c")));
        assertThat(results(ran.out())).hasSize(2);
        assertThat(ran.err()).contains("in.jsonl, line 3: prompt: expected at most ");
        assertThat(ran.code()).isEqualTo(1);
    }

    @Test
    void aRunContinuesWhereItWas() throws IOException {
        Path out = folder.resolve("out.jsonl");
        List<String> lines = new ArrayList<>(texts(7).stream().map(EmbedCommandTest::line).toList());
        lines.add(2, "{}");
        run(lines, "--out", out.toString());
        String results = Files.readString(out);
        List<String> written = results.lines().toList();
        for (int kept = 1; kept < 8; kept += 3) {
            Files.writeString(out, String.join("\n", written.subList(0, kept)) + "\n"
                    + written.get(kept).substring(0, 14));
            assertThat(run(lines, "--out", out.toString()).err())
                    .contains("note: " + (kept > 2 ? kept - 1 : kept) + " of 8 results are already in ");
            assertThat(Files.readString(out)).isEqualTo(results);
        }
        CommandResult shorter = run(lines, "--out", out.toString(), "--dimensions", "9");
        assertThat(shorter.err()).contains("expected the result of line 1 of the input from an earlier run");
        assertThat(Files.readString(out)).isEqualTo(results);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "-p a in.jsonl          | 2 | FILE.jsonl and --prompt: expected one of them, found both",
        "-p a --layer -1        | 2 | --layer: expected 0 or more, found -1",
        "-p a --layer 999       | 1 | --layer: expected at most 6, the layers of the model, found 999",
        "-p a --dimensions 0    | 2 | --dimensions: expected 1 or more, found 0",
        "-p a --dimensions 9999 | 1 | --dimensions: expected at most 192, the width of the model, found 9999",
        "-p a --pooling max     | 2 | '--pooling': expected mean or last or cls, found 'max'",
        "missing.jsonl          | 1 | missing.jsonl",
    })
    void errorsNameTheOption(String options, int code, String message) {
        List<String> command = new ArrayList<>(List.of("embed", "-m", CommandResult.TINY));
        command.addAll(Arrays.asList(options.strip().split(" +")));
        CommandResult ran = CommandResult.of(command.toArray(String[]::new));
        assertThat(ran.err()).contains(message);
        assertThat(ran.code()).isEqualTo(code);
        assertThat(ran.out()).isEmpty();
    }
}
