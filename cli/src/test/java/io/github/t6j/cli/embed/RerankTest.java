package io.github.t6j.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.CallOptions;
import io.github.t6j.Model;
import io.github.t6j.ModelFormatException;
import io.github.t6j.ModelOptions;
import io.github.t6j.chat.rerank.RankedText;
import io.github.t6j.chat.rerank.Reranker;
import io.github.t6j.cli.CommandResult;
import io.github.t6j.cli.formats.ModelFormat;
import io.github.t6j.cli.formats.RerankModel;
import io.github.t6j.json.Json;
import io.github.t6j.schedule.Scheduler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Scores of rerankers, compared with a forward pass in float64; the command and its errors. */
class RerankTest {
    private static final double TOLERANCE = 2e-4;
    private static final long SEED = 53;
    private static final long CONTEXT = 600;
    private static final String WEB =
            "Given a web search query, retrieve relevant passages that answer the query";
    private static final String QUERY = "What is a whale?";
    /** Texts of one letter to several pages. */
    private static final List<String> TEXTS = List.of(
            "A whale is a large animal that lives in the sea.", "x", "Stocks fell.", "It is a fish, is it? ".repeat(9),
            "Say: yes, a whale!", "no");

    @TempDir
    Path folder;

    private static ModelOptions options() {
        return ModelOptions.defaults().withThreads(2);
    }

    private static void check(String what, List<RankedText> found, ToDoubleFunction<int[]> oracle, String instruction) {
        double[] expected = TEXTS.stream()
                .mapToDouble(text -> oracle.applyAsDouble(RerankModel.ids(instruction, QUERY, text))).toArray();
        assertThat(found.stream().map(RankedText::index).sorted().toList())
                .isEqualTo(IntStream.range(0, TEXTS.size()).boxed().toList());
        for (RankedText text : found) {
            assertThat(text.score()).as("seed " + SEED + ", " + what + ", text " + text.index())
                    .isCloseTo(expected[text.index()], within(TOLERANCE));
            assertThat(text.tokens()).isEqualTo(RerankModel.ids(instruction, QUERY, TEXTS.get(text.index())).length);
        }
        assertThat(found).isSortedAccordingTo(Comparator.comparingDouble(RankedText::score).reversed());
    }

    @ParameterizedTest
    @CsvSource({"SAFETENSORS", "SHARDS", "TORCH", "GGUF"})
    void yesAndNoOfTheOutputMatrix(ModelFormat format) throws IOException {
        RerankModel files = RerankModel.random(0, List.of(), CONTEXT, SEED);
        try (Model model = Model.load(files.write(format, folder.resolve("model")), options());
                Scheduler scheduler = new Scheduler(model)) {
            Reranker reranker = new Reranker(model);
            List<RankedText> found = reranker.rank(QUERY, TEXTS);
            check("" + format, found, files::byYesAndNo, WEB);
            assertThat(found.getFirst().score() - found.getLast().score()).as("spread").isGreaterThan(0.01);
            assertThat(reranker.submit(QUERY, TEXTS, scheduler, CallOptions.defaults()).join()).isEqualTo(found);
            assertThat(reranker.rank(QUERY, TEXTS.subList(2, 3)).getFirst().score())
                    .isEqualTo(found.stream().filter(text -> text.index() == 2).findFirst().orElseThrow().score());
            String other = "Find texts about animals";
            check("instruction", reranker.withInstruction(other).rank(QUERY, TEXTS), files::byYesAndNo, other);
        }
    }

    /** @param labels names of the rows, or - @param positive row of yes */
    @ParameterizedTest
    @CsvSource({
        "SAFETENSORS, 1, -, 0", "SAFETENSORS, 2, -, 1", "SAFETENSORS, 2, no yes, 1", "SHARDS, 2, yes no, 0",
        "GGUF, 1, -, 0", "GGUF, 2, -, 0", "GGUF, 2, yes no, 0", "GGUF, 2, no yes, 1"})
    void classificationHeads(ModelFormat format, int rows, String labels, int positive) throws IOException {
        RerankModel files = RerankModel.random(
                rows, labels.equals("-") ? List.of() : List.of(labels.split(" ")), CONTEXT, SEED);
        try (Model model = Model.load(files.write(format, folder.resolve("model")), options())) {
            check(format + " " + labels, new Reranker(model).rank(QUERY, TEXTS),
                    ids -> files.byHead(positive, ids), WEB);
        }
    }

    /** A folder keeps the head; the conversion of a GGUF file, which would lose its labels, is refused. */
    @Test
    void aConvertedModelHasTheSameScores() throws IOException {
        RerankModel files = RerankModel.random(2, List.of("yes", "no"), CONTEXT, SEED);
        Path path = files.write(ModelFormat.SAFETENSORS, folder.resolve("model"));
        Path converted = folder.resolve("converted");
        assertThat(CommandResult.of("convert", path.toString(), converted.toString()).code()).isZero();
        try (Model model = Model.load(converted, options())) {
            check("converted", new Reranker(model).rank(QUERY, TEXTS), ids -> files.byHead(0, ids), WEB);
        }
        Path gguf = files.write(ModelFormat.GGUF, folder.resolve("gguf"));
        assertThat(CommandResult.of("convert", gguf.toString(), folder.resolve("other").toString()).err()).isEqualTo(
                "t6j: " + gguf
                        + ": expected a model without a classification head, found cls.output.weight: convert the"
                        + " folder that the GGUF file was made from\n");
    }

    @Test
    void wrongInputIsNamed() throws IOException {
        RerankModel files = RerankModel.random(0, List.of(), CONTEXT, SEED);
        try (Model model = Model.load(files.write(ModelFormat.SAFETENSORS, folder.resolve("model")), options())) {
            Reranker reranker = new Reranker(model);
            assertThatIllegalArgumentException().isThrownBy(() -> reranker.rank(" ", TEXTS))
                    .withMessage("query: expected a text, found an empty one");
            assertThatIllegalArgumentException().isThrownBy(() -> reranker.rank(QUERY, List.of()))
                    .withMessage("texts: expected at least one, found none");
            assertThatIllegalArgumentException().isThrownBy(() -> reranker.rank(QUERY, List.of("x", "")))
                    .withMessage("texts[1]: expected a text, found an empty one: leave it out");
            assertThatIllegalArgumentException().isThrownBy(() -> reranker.rank(QUERY, List.of("x".repeat(999))))
                    .withMessageMatching("texts\\[0]: expected at most 600 tokens with the query and the instruction, "
                            + "the model's context, found 1\\d{3}: split or shorten it");
        }
        try (Model model = Model.load(Path.of(CommandResult.TINY), options())) {
            assertThatThrownBy(() -> new Reranker(model)).isInstanceOf(ModelFormatException.class).hasMessage(
                    CommandResult.TINY + ": expected a reranker with the tokens of Qwen3-Reranker, found a tokenizer"
                            + " without the token <|im_start|>: choose a reranker, such as Qwen/Qwen3-Reranker-0.6B");
        }
        RerankModel three = RerankModel.random(3, List.of(), CONTEXT, SEED);
        try (Model model = Model.load(three.write(ModelFormat.SAFETENSORS, folder.resolve("three")), options())) {
            assertThatThrownBy(() -> new Reranker(model)).isInstanceOf(ModelFormatException.class)
                    .hasMessageContaining("score.weight: expected one row or two of 65 elements, for yes and no, found "
                            + "shape [3, 65]");
        }
    }

    private CommandResult run(Path model, String texts, String... more) throws IOException {
        Path file = Files.writeString(folder.resolve("texts.txt"), texts);
        List<String> command = new ArrayList<>(
                List.of("rerank", "-m", model.toString(), "--texts", file.toString(), "--query", QUERY));
        command.addAll(List.of(more));
        return CommandResult.of(command.toArray(String[]::new));
    }

    @Test
    void theCommandPrintsTheMostRelevantFirst() throws IOException {
        RerankModel files = RerankModel.random(0, List.of(), CONTEXT, SEED);
        Path path = files.write(ModelFormat.SAFETENSORS, folder.resolve("model"));
        CommandResult json = run(path, String.join("\n", TEXTS), "--json");
        assertThat(json.err()).isEmpty();
        List<RankedText> found = json.out().lines().map(line -> {
            Map<String, Object> fields = Json.parseObject(line.getBytes(StandardCharsets.UTF_8), "line");
            int index = ((Long) fields.get("index")).intValue();
            assertThat(fields.get("text")).isEqualTo(TEXTS.get(index));
            return new RankedText(index, ((Number) fields.get("score")).doubleValue(),
                    ((Long) fields.get("tokens")).intValue());
        }).toList();
        check("command", found, files::byYesAndNo, WEB);
        CommandResult plain = run(path, String.join("\r\n", TEXTS), "--top", "2");
        assertThat(plain.out()).isEqualTo(String.format("%.4f  %s%n%.4f  %s%n",
                found.get(0).score(), TEXTS.get(found.get(0).index()),
                found.get(1).score(), TEXTS.get(found.get(1).index())));
        assertThat(run(path, "").err()).isEqualTo(
                "t6j: " + folder.resolve("texts.txt") + ": expected one text per line, found none\n");
        assertThat(run(path, "x\n \ny").err()).isEqualTo("t6j: " + folder.resolve("texts.txt")
                + ", line 2: expected a text, found an empty line: remove it\n");
        CommandResult tooLong = run(path, "x\n" + "y".repeat(700));
        assertThat(tooLong.err()).startsWith("t6j: " + folder.resolve("texts.txt")
                + ", line 2: expected at most 600 tokens");
        assertThat(tooLong.code()).isEqualTo(1);
        assertThat(run(path, "x", "--top", "0").code()).isEqualTo(2);
    }
}
