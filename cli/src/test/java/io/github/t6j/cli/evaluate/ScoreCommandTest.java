package io.github.t6j.cli.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.cli.CommandResult;
import io.github.t6j.cli.StoredTensors;
import io.github.t6j.json.Json;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.schedule.Scheduler;
import io.github.t6j.schedule.SchedulerOptions;
import io.github.t6j.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScoreCommandTest {
    @TempDir
    Path folder;

    private Model model;
    private Tokenizer tokenizer;
    private Scheduler scheduler;

    @BeforeEach
    void open() {
        model = Model.load(Path.of(CommandResult.TINY));
        tokenizer = model.tokenizer();
        scheduler = new Scheduler(model, SchedulerOptions.defaults().withMaxRunning(4).withMaxQueued(4)
                .withCacheBytes(1 << 30).withSession(SessionOptions.defaults().withContextLength(512)));
    }

    @AfterEach
    void close() {
        scheduler.close();
        model.close();
    }

    private double[] logLikelihoods(Question question) throws InterruptedException {
        return ChoiceScorer.logLikelihoods(question, new ChoiceScorer(tokenizer, scheduler, "").submit(question));
    }

    private static Question question(String context, String... choices) {
        return new Question("here", context, List.of(choices), 0);
    }

    /** Returns ln softmax(logits)[id], by the definition. */
    private static double logProbability(double[] logits, int id) {
        double sum = 0;
        for (double logit : logits) {
            sum += Math.exp(logit - logits[id]);
        }
        return -Math.log(sum);
    }

    /** Returns Σ ln p of the ids from {@code from} on, each with a new session that was fed all ids before it. */
    private double sum(int[] ids, int from) {
        double sum = 0;
        for (int i = from; i < ids.length; i++) {
            try (Session session = model.newSession()) {
                session.prefill(Arrays.copyOf(ids, i));
                float[] logits = session.logits();
                double[] doubles = new double[logits.length];
                Arrays.setAll(doubles, n -> logits[n]);
                sum += logProbability(doubles, ids[i]);
            }
        }
        return sum;
    }

    /**
     * Compares with the official class's float64 logits after the first ids of text/test.txt, split into context and
     * choice at any place.
     */
    @Test
    void likelihoodsAreThoseOfTheReferenceLogits() throws IOException, InterruptedException {
        var reference = StoredTensors.read(Path.of(CommandResult.TINY, "logits_f64.safetensors")).tensors();
        int[] ids = Arrays.stream(reference.get("input_ids").values()).mapToInt(id -> (int) id).toArray();
        double[] logits = reference.get("logits").values();
        int tried = 0;
        for (int from = 1; from < 57; from++) {
            String context = tokenizer.decode(Arrays.copyOf(ids, from));
            for (int to : new int[] {from + 1, from + 7}) {
                String choice = tokenizer.decode(Arrays.copyOfRange(ids, from, to));
                boolean cutBetweenWords =
                        choice.startsWith(" ") && !Character.isWhitespace(context.charAt(context.length() - 1));
                if (!cutBetweenWords || !Arrays.equals(tokenizer.encode(context + choice), Arrays.copyOf(ids, to))) {
                    continue;
                }
                double expected = 0;
                for (int i = from; i < to; i++) {
                    double[] row = Arrays.copyOfRange(logits, (i - 1) * 4096, i * 4096);
                    expected += logProbability(row, ids[i]);
                }
                assertThat(logLikelihoods(question(context, choice))[0]).as(context + "|" + choice)
                        .isCloseTo(expected, within(5e-4));
                tried++;
            }
        }
        assertThat(tried).isGreaterThan(10);
    }

    /** White space between context and choice belongs to the choice; without any, one space is added. */
    @Test
    void oneSpaceJoinsContextAndChoice() throws InterruptedException {
        int context = tokenizer.encode("The whale").length;
        double expected = sum(tokenizer.encode("The whale was white"), context);

        double[] found = logLikelihoods(question("The whale", "was white", " was white"));
        double[] spaced = logLikelihoods(question("The whale ", "was white", " was white"));

        assertThat(found[0]).isCloseTo(expected, within(1e-4));
        assertThat(found[1]).isEqualTo(found[0]);
        assertThat(spaced[0]).isEqualTo(found[0]);
        assertThat(spaced[1]).isCloseTo(sum(tokenizer.encode("The whale  was white"), context), within(1e-4));
        assertThat(logLikelihoods(question("The whale\n\u00a0", "was"))[0])
                .isCloseTo(sum(tokenizer.encode("The whale\n\u00a0was"), context), within(1e-4));
    }

    @Test
    void anEmptyContextIsEndOfText() throws InterruptedException {
        int[] choice = tokenizer.encode(" The whale");
        int[] ids = new int[choice.length + 1];
        ids[0] = tokenizer.endOfText();
        System.arraycopy(choice, 0, ids, 1, choice.length);

        assertThat(logLikelihoods(question("", "The whale"))[0]).isCloseTo(sum(ids, 1), within(1e-4));
    }

    /** Prompts of this model begin with an id of their own. */
    @Test
    void contextsBeginAsPromptsDo() throws InterruptedException {
        close();
        model = Model.load(CommandResult.TESTDATA.resolve("golden_llama/gguf-llama3/model-f32.gguf"));
        tokenizer = model.tokenizer();
        scheduler = new Scheduler(model);
        int[] whole = tokenizer.encode("the sea");
        int[] ids = new int[whole.length + 1];
        ids[0] = tokenizer.beginningOfText();
        System.arraycopy(whole, 0, ids, 1, whole.length);
        int context = tokenizer.encode("the").length;
        assertThat(ids[0]).isEqualTo(102);
        assertThat(logLikelihoods(question("the", "sea"))[0]).isCloseTo(sum(ids, 1 + context), within(1e-4));
    }

    @Test
    void aLongContextIsCutFromTheLeft() throws InterruptedException {
        String context = "the sea and ".repeat(300) + "the";
        int[] whole = tokenizer.encode(context + " great whale");
        int scored = whole.length - tokenizer.encode(context).length;
        int[] kept = Arrays.copyOfRange(whole, whole.length - 513, whole.length);

        assertThat(logLikelihoods(question(context, "great whale"))[0])
                .isCloseTo(sum(kept, kept.length - scored), within(1e-3));
    }

    /** Computes each metric from likelihoods of whole sequences in sessions of their own. */
    @Test
    void metricsAreTheHarness() throws IOException {
        String[][] questions = {
            {"The whale", "was", "of the sea, and the ship, and the men", "xq"},
            {"Call me", "Ishmael.", "the"},
            {"He looked at the", "sea", "captain, who had been standing on the deck"},
            {"It was a", "zzzz", "great"},
            {"in the", "", "morning"}};
        int[] golds = {1, 1, 1, 0, 1};
        questions[4][1] = "é";
        StringBuilder lines = new StringBuilder();
        int acc = 0;
        int norm = 0;
        for (int q = 0; q < golds.length; q++) {
            int best = 0;
            int bestNorm = 0;
            double[] sums = new double[questions[q].length - 1];
            double[] means = new double[sums.length];
            for (int c = 0; c < sums.length; c++) {
                String choice = questions[q][c + 1];
                int context = tokenizer.encode(questions[q][0]).length;
                sums[c] = sum(tokenizer.encode(questions[q][0] + " " + choice), context);
                means[c] = sums[c] / choice.codePointCount(0, choice.length());
                best = sums[c] > sums[best] ? c : best;
                bestNorm = means[c] > means[bestNorm] ? c : bestNorm;
            }
            acc += best == golds[q] ? 1 : 0;
            norm += bestNorm == golds[q] ? 1 : 0;
            String choices = String.join("\", \"", Arrays.copyOfRange(questions[q], 1, questions[q].length));
            lines.append("{\"id\": " + q + ", \"context\": \"" + questions[q][0] + "\", \"choices\": [\"" + choices
                    + "\"], \"gold\": " + golds[q] + "}\n" + (q == 1 ? "\r\n" : ""));
        }
        assertThat(acc).as("a file on which the metrics differ").isNotEqualTo(norm);
        Path file = Files.writeString(folder.resolve("task.jsonl"), lines);

        Map<String, Object> json =
                CommandResult.of("score", "--model", CommandResult.TINY, "--file", file.toString(), "--json").json();
        assertThat(json.keySet()).containsExactly("questions", "acc", "acc_stderr", "acc_norm", "acc_norm_stderr");
        assertThat(json).containsEntry("questions", 5L).containsEntry("acc", acc / 5.0).containsEntry("acc_norm",
                norm / 5.0);
        // sample deviation: √(Σ(x − mean)² / (n − 1)) / √n
        double mean = acc / 5.0;
        double squares = acc * Math.pow(1 - mean, 2) + (5 - acc) * mean * mean;
        assertThat((Double) json.get("acc_stderr")).isCloseTo(Math.sqrt(squares / 4) / Math.sqrt(5), within(1e-12));
        assertThat(CommandResult.of("score", "--file", file.toString(), "--cache-type", "q8").out())
                .matches("questions 5\nacc       0\\.\\d{4} ± 0\\.\\d{4}\nacc_norm  0\\.\\d{4} ± 0\\.\\d{4}\n");
    }

    /** Returns true if the largest logit after each id is the next one, from {@code from} on. */
    private boolean greedy(int[] ids, int from) {
        for (int i = from; i < ids.length; i++) {
            try (Session session = model.newSession()) {
                session.prefill(Arrays.copyOf(ids, i));
                float[] logits = session.logits();
                for (float logit : logits) {
                    if (logit > logits[ids[i]]) {
                        return false;
                    }
                }
            }
        }
        return true;
    }

    /** Returns the text that the model generates greedily after a context. */
    private String generated(String context, int tokens) {
        try (Session session = model.newSession()) {
            return session.generate(context, GenerationOptions.defaults().withMaxTokens(tokens)
                    .withSampling(SamplingOptions.greedy()), _ -> true).text();
        }
    }

    /** Compares log-likelihoods and greedy matches with sessions that are fed all ids before each id. */
    @Test
    void continuationsHaveALikelihoodAndMayBeGreedy() throws IOException {
        List<String[]> texts = new ArrayList<>();
        texts.add(new String[] {"The whale", "was xq"});
        for (String context : List.of("The whale", "It was a", "in the", "of the ship and", "He looked at", "one of")) {
            texts.add(new String[] {context, generated(context, 2).strip()});
        }
        int matches = 0;
        double logs = 0;
        StringBuilder lines = new StringBuilder();
        for (String[] text : texts) {
            int[] ids = tokenizer.encode(text[0] + " " + text[1]);
            int context = tokenizer.encode(text[0]).length;
            matches += greedy(ids, context) ? 1 : 0;
            logs += sum(ids, context);
            lines.append(Json.writeLine(Map.of("context", text[0], "continuation", text[1]))).append("\n");
        }
        assertThat(matches).as("greedy continuations").isBetween(1, 6);
        Path file = Files.writeString(folder.resolve("texts.jsonl"), lines);
        String[] command = {"score", "--model", CommandResult.TINY, "--file", file.toString()};

        Map<String, Object> json = CommandResult.of(with(command, "--json")).json();
        assertThat(json.keySet()).containsExactly("texts", "acc", "acc_stderr", "perplexity", "perplexity_stderr");
        assertThat(json).containsEntry("texts", 7L).containsEntry("acc", matches / 7.0);
        double expected = Math.exp(-logs / 7);
        assertThat((Double) json.get("perplexity")).isCloseTo(expected, withinPercentage(0.1));
        assertThat(CommandResult.of(with(command, "--markdown")).out())
                .matches("\\| task \\| shots \\| texts \\| metric \\| value \\| standard error \\|\n\\|---.*\n"
                        + "\\| texts \\| 0 \\| 7 \\| acc \\| 0\\.\\d+ \\| 0\\.\\d+ \\|\n"
                        + "\\| texts \\| 0 \\| 7 \\| perplexity \\| [0-9.e+]+ \\| [0-9.e+]+ \\|\n");
    }

    private static String[] with(String[] command, String... more) {
        return Stream.concat(Arrays.stream(command), Arrays.stream(more)).toArray(String[]::new);
    }

    /** Examples are solved questions, each with an empty line after it, before the question. */
    @Test
    void examplesComeBeforeAQuestion() throws IOException {
        String example = "{\"context\": \"The sea is\", \"choices\": [\"dry.\", \"wet.\"], \"gold\": 1}\n";
        String question = "{\"context\": \"The whale is\", \"choices\": [\"big.\", \"a tree.\"], \"gold\": 0}\n";
        String context = "The sea is wet.\n\nThe whale is";
        double expected = sum(tokenizer.encode(context + " big."), tokenizer.encode(context).length);
        Path both = Files.writeString(folder.resolve("both"), example + question);
        Path apart = Files.writeString(folder.resolve("apart"), question);
        Path examples = Files.writeString(folder.resolve("examples"), example);
        Path details = folder.resolve("details");
        String[] command = {"score", "--model", CommandResult.TINY, "--details", details.toString(), "--shots", "1"};

        for (String[] files : new String[][] {{"--file", both.toString()},
            {"--file", apart.toString(), "--examples", examples.toString()}}) {
            assertThat(CommandResult.of(with(command, files)).out()).startsWith("questions 1\n");
            Map<String, Object> found = Json.parseObject(Files.readAllBytes(details), "details");
            assertThat(found).containsEntry("shots", 1L).containsEntry("context", "The whale is");
            assertThat((Double) ((List<?>) found.get("log_likelihoods")).getFirst()).isCloseTo(expected, within(1e-3));
        }
        assertThat(CommandResult.of("score", "--file", both.toString(), "--shots", "2").err())
                .contains("--shots: expected at most 1", "found 2").hasLineCount(1);
        assertThat(CommandResult.of("score", "--file", both.toString(), "--examples", "x").err())
                .contains("--examples: expected --shots N, too");
    }

    /** Results with other examples are not continued. */
    @Test
    void resultsWithOtherExamplesAreNotContinued() throws IOException {
        String question = "{\"context\": \"The whale is\", \"choices\": [\"big.\", \"a tree.\"], \"gold\": 0}\n";
        Path file = Files.writeString(folder.resolve("task"), question.repeat(3));
        Path out = folder.resolve("out.jsonl");
        String[] command = {"score", "--model", CommandResult.TINY, "--file", file.toString(), "--out", out.toString()};

        assertThat(CommandResult.of(with(command, "--shots", "1")).code()).isZero();
        assertThat(CommandResult.of(with(command, "--shots", "2")).err()).contains(out.toString()).hasLineCount(1);
        assertThat(CommandResult.of(with(command, "--shots", "1")).out()).startsWith("questions 2\n");
    }

    @Test
    void aSingleQuestionHasNoError() throws IOException {
        Path file = Files.writeString(
                folder.resolve("one"), "{\"context\": \"a\", \"choices\": [\"b\"], \"gold\": 0}");

        assertThat(CommandResult.of("score", "--model", CommandResult.TINY, "--file", file.toString(), "--json").json())
                .containsEntry("acc", 1.0).containsEntry("acc_stderr", null);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"choices": ["a"], "gold": 0}                               | context: expected a text, found no such key
            {"context": 5, "choices": ["a"], "gold": 0}                 | context: expected a text, found 5
            {"context": "a", "gold": 0}                                 | choices: expected an array of texts, found no such key
            {"context": "a", "choices": [], "gold": 0}                  | choices: expected an array of texts, found []
            {"context": "a", "choices": ["b", 1], "gold": 0}            | found 1 at index 1
            {"context": "a", "choices": ["b", ""], "gold": 0}           | found an empty one at index 1
            {"context": "a", "choices": ["b", "c"]}                     | gold: expected the index of the correct choice, 0 to 1, found no such key
            {"context": "a", "choices": ["b", "c"], "gold": 2}          | 0 to 1, found 2
            {"context": "a", "choices": ["b", "c"], "gold": "0"}        | 0 to 1, found "0"
            {"context": "a", "continuation": "b"}                       | choices: expected an array of texts, found no such key
            {"context": "a", "choices": ["b", "c"], "gold": 0           | line 2
            [1]                                                         | line 2
            """)
    void aWrongLineIsNamed(String line, String message) throws IOException {
        String right = "{\"context\": \"a\", \"choices\": [\"b\"], \"gold\": 0}\n";
        Path file = Files.writeString(folder.resolve("task"), right + line + "\n" + right);

        CommandResult ran = CommandResult.of("score", "--file", file.toString());

        assertThat(ran.err()).startsWith("t6j: " + file + ", line 2").contains(message).hasLineCount(1);
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.out()).isEmpty();
    }

    /** All are NaN: the first choice must not win. */
    @Test
    void logitsThatAreNanAreAnError() {
        Path broken = CommandResult.TESTDATA.resolve("hostile/nan-weights");
        Path task = broken.resolve("task.jsonl");

        CommandResult ran = CommandResult.of("score", "--model", broken.toString(), "--file", task.toString());

        assertThat(ran.err())
                .startsWith("t6j: " + task + ", line 1: choices: expected finite log-likelihoods, found NaN at index 0")
                .hasLineCount(1);
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.out()).isEmpty();
    }

    @Test
    void unscorableLinesAreErrors() throws IOException {
        Path empty = Files.writeString(folder.resolve("empty"), "\n\n");
        assertThat(CommandResult.of("score", "--file", empty.toString()).err())
                .contains("expected one question per line, found none");
        assertThat(CommandResult.of("score", "--file", "nowhere").err())
                .contains("nowhere: cannot be read: no such file")
                .hasLineCount(1);
        Path longer = Files.writeString(
                folder.resolve("long"),
                "{\"context\": \"a\", \"choices\": [\"b\", \"" + "sea ".repeat(1400) + "\"], \"gold\": 0}");
        assertThat(CommandResult.of("score", "--file", longer.toString()).err())
                .contains("line 1: choices: expected texts of 1 to 1024 tokens").contains("at index 1").hasLineCount(1);
        CommandResult without = CommandResult.of("score", "--file", longer.toString(), "--model",
                CommandResult.TESTDATA.resolve("golden/T6_odd").toString());
        assertThat(without.err()).contains("expected a tokenizer").hasLineCount(1);
        assertThat(without.code()).isEqualTo(1);
    }
}
