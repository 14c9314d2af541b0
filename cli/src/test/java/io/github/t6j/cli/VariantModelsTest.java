package io.github.t6j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Models that no official file has, with t6j.json next to the weights, made by init and convert --as tpa. */
class VariantModelsTest {
    private static final String CONFIG = """
            {"n_layer": 2, "n_embd": 32, "n_head": 3, "head_dim": 12, "vocab_size": 50, "block_size": 64, %s}""";
    private static final String IDS = "5,17,3,49,0,1,2,3,4,5,6,7";

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "llama-mha, full", "llama-mha-partialrope, partialrope", "llama-mha_groupnorm, full", "llama-gqa, full",
        "llama-gqa-partialrope, partialrope", "llama-gqa-partialrope-decay, partialrope-decay",
        "llama-gqa_groupnorm, full", "llama-mqa, full", "llama-linearattn-gqa, linearattn"
    })
    void wholeHeadsAsFactorsGiveTheSame(String name, String variant) throws IOException {
        String source = CommandResult.TESTDATA.resolve("golden").resolve(name).toString();
        Path made = folder.resolve("made");

        CommandResult.of("convert", source, made.toString(), "--as", "tpa", "--variant", variant).assertMade(made);

        Map<String, Object> description = CommandResult.of("inspect", "--model", made.toString(), "--json").json();
        Map<String, Object> original =
                CommandResult.of("inspect", "--model", source, "--variant", variant, "--json").json();
        assertThat((String) description.get("variant")).startsWith("T6 KV-only, fixed a_k a_v");
        assertThat(description.get("k_rank")).isEqualTo(original.get("kv_heads"));
        assertThat(elementsPerToken(description)).isEqualTo(elementsPerToken(original));
        double[] expected = logits(source, "factored", "--variant", variant);
        assertClose(expected, logits(made.toString(), "factored"));
        assertClose(expected, logits(made.toString(), "materialized"));
    }

    @Test
    void onlyWholeHeadsCanBecomeFactors() {
        String source = CommandResult.TESTDATA.resolve("golden/T6_even").toString();

        CommandResult ran = CommandResult.of("convert", source, folder.resolve("made").toString(), "--as", "tpa");

        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains("as tensor product attention", "MHA, GQA or MQA").hasLineCount(1);
        assertThat(folder.resolve("made")).doesNotExist();
    }

    /**
     * Elements stored per token and layer, and per position, computed by hand: h = 3, d = 12, ranks as given; two
     * layers.
     */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "'q_rank': 3, 'rank': 2          | {'shared_b': true}                            | 36 | 12",
        "'q_rank': 3, 'rank': 2          | {'fixed': ['a_k', 'a_v']}                     | 48 | 0",
        "'q_rank': 3, 'k_rank': 1, 'v_rank': 2 | {'fixed': ['b_q', 'b_k', 'b_v']}        | 9  | 24",
        "'rank': 2                       | {'fixed': ['b_k'], 'shared_b': true}          | 12 | 48",
        "'rank': 2                       | {'head_factors': 'softmax'}                   | 60 | 0",
        "'q_rank': 3, 'rank': 2, 'c_dim': 3 | {'order': 3, 'rope_pairing': 'adjacent', 'rope_sense': 'counterclockwise'}"
                + "                                                                      | 40 | 0",
        "'rank': 2, 'c_dim': 2           | {'order': 3, 'head_factors': 'sigmoid'}       | 44 | 0"
    })
    void initFollowsTheVariantFile(String sizes, String variant, long perToken, long perPosition)
            throws IOException {
        Path config = write("config.json", CONFIG.formatted(sizes.replace('\'', '"')));
        Path file = write("variant.json", variant.replace('\'', '"'));
        Path made = folder.resolve("made");

        CommandResult.of("init", "--config", config.toString(), "--variant-file", file.toString(), "--out",
                made.toString()).assertMade(made);

        assertThat(json(made.resolve("t6j.json"))).containsAllEntriesOf(json(file));
        Map<String, Object> description = CommandResult.of("inspect", "--model", made.toString(), "--json").json();
        assertThat(elementsPerToken(description)).isEqualTo(perToken);
        assertThat(Json.object(description.get("shared"), "")).containsEntry("numbers_per_position", perPosition);
        double[] factored = logits(made.toString(), "factored");
        assertClose(factored, logits(made.toString(), "materialized"));
        Path copy = folder.resolve("copy");
        CommandResult.of("convert", made.toString(), copy.toString()).assertMade(copy);
        assertThat(json(copy.resolve("t6j.json"))).containsAllEntriesOf(json(file)).containsEntry("variant", "full");
        assertThat(logits(copy.toString(), "factored")).isEqualTo(factored);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "'rank': 2 | {'fixed': ['a_q']}                                     | a_q",
        "'rank': 2 | {'fixed': ['b_v'], 'shared_b': true}                   | b_v",
        "'k_rank': 1, 'v_rank': 2 | {'shared_b': true}                      | equal ranks",
        "'rank': 2, 'c_dim': 5 | {'order': 3}                               | c_dim",
        "'rank': 2 | {'order': 3}                                           | c_dim",
        "'bias': false | {'head_factors': 'sigmoid'}                        | head_factors",
        "'rank': 2 | {'fixd': []}                                           | fixd"
    })
    void initRejectsImpossibleVariants(String sizes, String variant, String message) throws IOException {
        Path config = write("config.json", CONFIG.formatted(sizes.replace('\'', '"')));
        Path file = write("variant.json", variant.replace('\'', '"'));

        CommandResult ran =
                CommandResult.of("init", "--config", config.toString(), "--variant-file", file.toString(), "--out",
                        folder.resolve("made").toString());

        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains(message).hasLineCount(1);
        assertThat(folder.resolve("made")).doesNotExist();
    }

    private static Object elementsPerToken(Map<String, Object> description) {
        Map<String, Object> cache = Json.object(description.get("cache"), "cache");
        return Json.object(cache.get("model"), "model").get("numbers_per_token_per_layer");
    }

    private Path write(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    private static Map<String, Object> json(Path file) throws IOException {
        return Json.parseObject(Files.readAllBytes(file), file.toString());
    }

    private double[] logits(String model, String path, String... more) throws IOException {
        List<double[]> both = new ArrayList<>();
        for (String step : new String[] {"", "--step"}) {
            Path out = folder.resolve("logits");
            List<String> args = new ArrayList<>(List.of(
                    "logits", "--model", model, "--ids", IDS, "--path", path, "--out", out.toString()));
            args.addAll(List.of(more));
            args.addAll(step.isEmpty() ? List.of() : List.of(step));
            assertThat(CommandResult.of(args.toArray(String[]::new)).code()).isZero();
            both.add(StoredTensors.read(out).tensors().get("logits").values());
            Files.delete(out);
        }
        assertThat(both.get(1)).as("step by step").isEqualTo(both.get(0));
        return both.get(0);
    }

    private static void assertClose(double[] expected, double[] found) {
        assertThat(found).hasSameSizeAs(expected);
        for (int i = 0; i < expected.length; i++) {
            assertThat(Math.abs(found[i] - expected[i])).as("number " + i).isLessThanOrEqualTo(1e-4);
        }
    }

    /** A model of the Llama family keeps its names and config.json; t6j.json says that its heads are factors. */
    @Test
    void modelsOfTheLlamaFamilyBecomeTpa() throws IOException {
        Path source = CommandResult.TESTDATA.resolve("golden_llama/qwen3-norm");
        Path made = folder.resolve("tpa");
        assertThat(CommandResult.of("convert", source.toString(), made.toString(), "--as", "tpa").code()).isZero();
        assertThat(made.resolve("t6j.json")).content().contains("\"heads\"", "factors");
        assertThat(Json.parseObject(Files.readAllBytes(made.resolve("config.json")), "made"))
                .isEqualTo(Json.parseObject(Files.readAllBytes(source.resolve("config.json")), "source"));
        assertClose(logits(source.toString(), "factored"), logits(made.toString(), "factored"));
        assertThat(CommandResult.of("inspect", "--model", made.toString()).out()).contains("Llama", "as TPA (qwen3)",
                "k_rank");
    }

    @Test
    void ggufFilesBecomeFolders() throws IOException {
        Path source = CommandResult.TESTDATA.resolve("golden_llama/gguf-llama3/model-f32.gguf");
        Path made = folder.resolve("made");
        CommandResult.of("convert", source.toString(), made.toString()).assertMade(made);
        for (String text : List.of("the", "", " a  b\n", "<|eot|>")) {
            CommandResult ids = CommandResult.of("tokenize", text, "-m", source.toString());
            assertThat(CommandResult.of("tokenize", text, "-m", made.toString())).isEqualTo(ids);
            assertThat(ids.code()).isZero();
        }
        String[] generate = {"generate", "the", "-n", "9", "--temperature", "0", "--ignore-eos", "--json", "-m"};
        assertThat(ids(made, generate)).isEqualTo(ids(source, generate)).isNotNull();
        double[] expected = logits(source.toString(), "factored");
        assertThat(logits(made.toString(), "factored")).isEqualTo(expected);
        String same = CommandResult.TESTDATA.resolve("golden_llama/llama3-gqa").toString();
        assertThat(logits(same, "factored")).isEqualTo(expected);
    }

    private static Object ids(Path model, String... command) {
        List<String> arguments = new ArrayList<>(List.of(command));
        arguments.add(model.toString());
        return CommandResult.of(arguments.toArray(String[]::new)).json().get("tokens");
    }

    /** The weights are converted all the same. */
    @Test
    void unknownTokenizersOfGgufFilesAreReported() throws IOException {
        Path whole = CommandResult.TESTDATA.resolve("golden_llama/gguf-llama3/model-f32.gguf");
        Path file = folder.resolve("other.gguf");
        Files.write(file, replaced(Files.readAllBytes(whole), "gpt2", "bert"));
        Path made = folder.resolve("made");
        CommandResult ran = CommandResult.of("convert", file.toString(), made.toString());
        assertThat(ran.code()).isZero();
        assertThat(ran.err())
                .contains("the tokenizer inside the GGUF file is not converted", "expected gpt2 or llama, found bert",
                        "copy the model's tokenizer.json to " + made)
                .hasLineCount(2);
        assertThat(made.resolve("tokenizer.json")).doesNotExist();
    }

    /** Some files declare no vocabulary. Like a folder without a tokenizer, they serve where no text is needed. */
    @Test
    void ggufFilesWithoutVocabularyServeForIds() throws IOException {
        Path whole = CommandResult.TESTDATA.resolve("golden_llama/gguf-llama3/model-f32.gguf");
        Path file = folder.resolve("bare.gguf");
        Files.write(file, replaced(Files.readAllBytes(whole), "gpt2", "none"));

        assertThat(logits(file.toString(), "factored")).isEqualTo(logits(whole.toString(), "factored"));
        assertThat(CommandResult.of("inspect", "-m", file.toString()).code()).isZero();
        assertThat(CommandResult
                .of("bench", "-m", file.toString(), "--prompt", "3", "--generate", "2", "--repetitions", "1",
                        "--warm-up", "0")
                .code()).isZero();
        for (String command : List.of("generate", "tokenize")) {
            CommandResult ran = CommandResult.of(command, "the", "-m", file.toString());
            assertThat(ran.code()).as(command).isEqualTo(1);
            assertThat(ran.err()).as(command).contains("tokenizer").hasLineCount(1);
        }
    }

    private static byte[] replaced(byte[] bytes, String text, String by) {
        String latin = new String(bytes, StandardCharsets.ISO_8859_1);
        assertThat(latin).containsOnlyOnce(text);
        return latin.replace(text, by).getBytes(StandardCharsets.ISO_8859_1);
    }

    @Test
    void ggufFilesTokenize() {
        String file = CommandResult.TESTDATA.resolve("golden_llama/gguf-llama3/model-f32.gguf").toString();
        CommandResult ids = CommandResult.of("tokenize", "the", "-m", file);
        assertThat(ids.code()).as(ids.err()).isZero();
        assertThat(CommandResult.of("tokenize", "--decode", ids.out(), "-m", file))
                .isEqualTo(new CommandResult(0, "the\n", ""));
    }
}
