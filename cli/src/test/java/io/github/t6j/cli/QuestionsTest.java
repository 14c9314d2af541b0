package io.github.t6j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.Model;
import io.github.t6j.Session;
import io.github.t6j.json.Json;
import io.github.t6j.sampling.Sampler;
import io.github.t6j.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code score --out}: many questions at once give the results of one after the other, and a run can continue. */
class QuestionsTest {
    private static final long SEED = 6;

    @TempDir
    private Path folder;

    private final List<String> contexts = new ArrayList<>();
    private final List<List<String>> choices = new ArrayList<>();
    private final List<String> lines = new ArrayList<>();

    /** Writes questions with shared examples, from some words to a whole context. */
    @BeforeEach
    void makeQuestions() throws IOException {
        String book = Files.readString(CommandResult.TESTDATA.resolve("text/test.txt"));
        Random random = new Random(SEED);
        for (int i = 0; i < 17; i++) {
            int start = book.indexOf(' ', random.nextInt(100_000)) + 1;
            String examples = i % 3 == 0 ? book.substring(0, book.indexOf(' ', 700)) + " " : "";
            contexts.add(examples + book.substring(start, book.indexOf(' ', start + 10 + random.nextInt(200))));
            List<String> texts = new ArrayList<>();
            for (int choice = 0; choice < 2 + i % 3; choice++) {
                int from = book.indexOf(' ', random.nextInt(100_000)) + 1;
                texts.add(book.substring(from, book.indexOf(' ', from + random.nextInt(80))));
            }
            choices.add(texts);
            lines.add(Json.writeLine(Map.of("context", contexts.getLast(), "choices", texts, "gold", (long) i % 2)));
        }
    }

    private CommandResult run(String... more) throws IOException {
        Path file = Files.write(folder.resolve("in.jsonl"), lines.stream().map(String::strip).toList());
        List<String> command =
                new ArrayList<>(List.of("score", "--model", CommandResult.TINY, "--file", file.toString(), "--json"));
        command.addAll(List.of(more));
        return CommandResult.of(command.toArray(String[]::new));
    }

    private Path out() {
        return folder.resolve("out.jsonl");
    }

    private static List<Map<String, Object>> results(Path file) throws IOException {
        return Files.readAllLines(file).stream()
                .map(line -> Json.parseObject(line.getBytes(StandardCharsets.UTF_8), "result")).toList();
    }

    /** Scores in a session of its own: the context, then the choice in a fork. */
    private static double alone(Model model, String context, String choice) {
        Tokenizer tokenizer = model.tokenizer();
        int[] before = tokenizer.encode(context);
        int[] whole = tokenizer.encode(context + " " + choice);
        int[] scored = Arrays.copyOfRange(whole, before.length, whole.length);
        try (Session session = model.newSession()) {
            session.prefill(before);
            double[] sum = {Sampler.logProbability(session.logits(), scored[0])};
            if (scored.length > 1) {
                try (Session fork = session.fork()) {
                    fork.prefill(Arrays.copyOf(scored, scored.length - 1), (position, logits) -> sum[0] += Sampler
                            .logProbability(logits, scored[position - before.length + 1]));
                }
            }
            return sum[0];
        }
    }

    @Tag("full")
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 8, 30})
    void eachHasTheBitsThatItHasAlone(int parallel) throws IOException {
        CommandResult ran = run("--out", out().toString(), "--parallel", "" + parallel);

        assertThat(ran.err()).isEmpty();
        assertThat(ran.json()).containsEntry("questions", 17L);
        List<Map<String, Object>> results = results(out());
        assertThat(results).hasSize(17);
        try (Model model = Model.load(Path.of(CommandResult.TINY))) {
            for (int i = 0; i < 17; i++) {
                String context = contexts.get(i);
                List<Double> expected =
                        choices.get(i).stream().map(choice -> alone(model, context, choice)).toList();
                assertThat(results.get(i)).as("seed " + SEED + ", question " + i).containsEntry("index", (long) i)
                        .containsEntry("log_likelihoods", expected);
            }
        }
        Path details = folder.resolve("details");
        assertThat(run("--details", details.toString(), "--parallel", "5").out()).isEqualTo(ran.out());
        results.forEach(result -> result.remove("index"));
        assertThat(results(details)).isEqualTo(results);
    }

    @Test
    void existingResultsAreNotComputedAgain() throws IOException {
        CommandResult whole = run("--out", out().toString());
        String results = Files.readString(out());
        List<String> written = results.lines().toList();
        Files.writeString(out(), String.join("\n", written.subList(0, 9)) + "\n" + written.get(9).substring(0, 20));
        CommandResult ran = run("--out", out().toString());
        assertThat(ran.err()).isEqualTo("t6j: note: 9 of 17 results are already in " + out() + "\n");
        assertThat(ran.out()).isEqualTo(whole.out());
        assertThat(Files.readString(out())).isEqualTo(results);
        assertThat(run("--out", out().toString()).out()).isEqualTo(whole.out());
    }

    /** A run with a limit is the beginning of one without a limit. */
    @Test
    void aLimitIsABeginning() throws IOException {
        CommandResult whole = run("--out", out().toString());
        String results = Files.readString(out());
        CommandResult limited = run("--out", out().toString(), "--limit", "4");
        assertThat(limited.json()).containsEntry("questions", 4L);
        Files.delete(out());
        assertThat(run("--out", out().toString(), "--limit", "4").out()).isEqualTo(limited.out());
        assertThat(run("--out", out().toString()).out()).isEqualTo(whole.out());
        assertThat(Files.readString(out())).isEqualTo(results);
    }

    @Test
    void aBadLineDoesNotEndTheOthers() throws IOException {
        lines.set(3, "{\"context\": 5}");
        lines.set(8, Json.writeLine(Map.of("context", "a", "choices", List.of("sea ".repeat(700)), "gold", 0L)));
        CommandResult ran = run("--out", out().toString());
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).isEqualTo("t6j: 2 of 17 lines failed; the key error of each result gives the reason\n");
        assertThat(ran.json()).containsEntry("questions", 15L).doesNotContainKey("partial");
        List<Map<String, Object>> results = results(out());
        assertThat((String) results.get(3).get("error")).endsWith("line 4: context: expected a text, found 5");
        assertThat((String) results.get(8).get("error"))
                .contains("line 9: choices: expected texts of 1 to 512 tokens");
        assertThat(results.get(9)).containsKey("log_likelihoods");
    }
}
