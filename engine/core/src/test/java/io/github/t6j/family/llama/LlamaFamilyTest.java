package io.github.t6j.family.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.FinishReason;
import io.github.t6j.Generation;
import io.github.t6j.GenerationOptions;
import io.github.t6j.LogitsListener;
import io.github.t6j.Model;
import io.github.t6j.ModelFormatException;
import io.github.t6j.ModelOptions;
import io.github.t6j.Prompt;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.TestData;
import io.github.t6j.Token;
import io.github.t6j.attention.AttentionPath;
import io.github.t6j.family.ConfigJson;
import io.github.t6j.family.VariantJson;
import io.github.t6j.json.Json;
import io.github.t6j.oracle.LlamaGguf;
import io.github.t6j.oracle.ProductRounding;
import io.github.t6j.sampling.SamplingOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares small models in Hugging Face's layout with logits that an independent reader computed in float64. */
@Tag("width")
class LlamaFamilyTest {
    /** Tolerance of logits compared with float64. */
    private static final double TOLERANCE = 2e-4;

    @TempDir
    java.nio.file.Path folder;

    static List<String> cases() {
        return List.of("llama2-mha", "llama3-gqa", "llama-linear-bias", "llama-yarn", "llama-bf16", "llama-sharded",
                "mistral-window", "qwen2-bias", "qwen2-window", "qwen3-norm", "smollm3-nope", "smollm3-list",
                "llama-wide", "llama-wide16", "llama-wide32", "mistral-wide", "qwen2-wide", "qwen3-wide",
                "smollm3-wide");
    }

    /** A model's folder in testdata/; wide ones have matrices of three panels, and prompts of two passes. */
    private static String place(String name) {
        return (name.contains("-wide") ? "golden_wide/" : "golden_llama/") + name;
    }

    private static java.nio.file.Path golden(String name) {
        return TestData.path(place(name));
    }

    private static int[] prompt(String name) {
        return TestData.ints(TestData.json(place(name) + "/greedy.json").get("prompt"));
    }

    /** @param between tolerance between whole prompts and steps; 0 means the same bits */
    private static void check(String name, Model model, SessionOptions options, float between) {
        int[] ids = prompt(name);
        double[] logits = TestData.doubles(place(name) + "/logits_f64.safetensors", "logits");
        try (Session whole = model.newSession(options); Session steps = model.newSession(options)) {
            whole.prefill(ids, (position, found) -> {
                steps.step(ids[position]);
                assertThat(steps.logits()).as("position " + position).containsExactly(found, offset(between));
                for (int id = 0; id < found.length; id++) {
                    assertThat((double) found[id]).as("position " + position + " id " + id)
                            .isCloseTo(logits[position * found.length + id], within(TOLERANCE));
                }
            });
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void logitsEqualTheOracle(String name) {
        try (Model model = Model.load(golden(name))) {
            for (AttentionPath path : AttentionPath.values()) {
                check(name, model, path.of(SessionOptions.defaults()), 0f);
            }
            assertThat(model.info().family()).isEqualTo("Llama");
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void greedyTokensEqualTheOracle(String name) {
        int[] tokens = TestData.ints(TestData.json(place(name) + "/greedy.json").get("tokens"));
        try (Model model = Model.load(golden(name)); Session session = model.newSession()) {
            session.prefill(prompt(name));
            for (int expected : tokens) {
                assertThat(TestData.best(session.logits())).as("position " + session.position()).isEqualTo(expected);
                session.step(expected);
            }
        }
    }

    /** Runs the cases as tensor product attention with fixed head factors, by a key of t6j.json. */
    @Tag("full")
    @ParameterizedTest
    @MethodSource("cases")
    void wholeHeadsAreFactorsToo(String name) throws IOException {
        copy(name, Map.of());
        Files.writeString(folder.resolve("t6j.json"), "{\"format\": 1, \"heads\": \"factors\"}");
        try (Model model = Model.load(folder)) {
            assertThat(model.info().attention().name()).contains("as TPA");
            for (AttentionPath path : AttentionPath.values()) {
                check(name, model, path.of(SessionOptions.defaults()), 1e-4f); // two forms, ADR 31
            }
        }
    }

    private void copy(String name, Map<String, Object> changes) throws IOException {
        try (var files = Files.list(golden(name))) {
            for (java.nio.file.Path file : files.filter(path -> path.getFileName().toString().startsWith("model"))
                    .toList()) {
                Files.copy(file, folder.resolve(file.getFileName()));
            }
        }
        configure(name, changes);
    }

    private void configure(String name, Map<String, Object> changes) throws IOException {
        Map<String, Object> config =
                new LinkedHashMap<>(TestData.json(place(name) + "/config.json"));
        config.putAll(changes);
        Files.writeString(folder.resolve("config.json"), Json.write(config));
    }

    /**
     * Texts longer than a page, so windows start inside a page and leave pages behind; fed in chunks, by steps, from a
     * fork.
     */
    @ParameterizedTest
    @ValueSource(strings = {"mistral-window", "qwen2-window", "smollm3-list", "qwen3-norm"})
    void longTextsHaveTheSameBitsInChunksStepsAndForks(String name) {
        int[] ids = new java.util.Random(5).ints(300, 0, 80).toArray();
        SessionOptions options = SessionOptions.defaults().withContextLength(400);
        try (Model model = Model.load(golden(name));
                Session whole = model.newSession(options);
                Session pieces = model.newSession(options);
                Session oracle = model.newSession(AttentionPath.MATERIALIZED.of(options))) {
            whole.prefill(ids);
            for (int from = 0; from < 290; from += 29) {
                pieces.prefill(Arrays.copyOfRange(ids, from, from + 29));
            }
            try (Session fork = pieces.fork()) {
                for (int i = 290; i < ids.length; i++) {
                    fork.step(ids[i]);
                }
                assertThat(fork.logits()).isEqualTo(whole.logits());
            }
            oracle.prefill(ids);
            for (int id = 0; id < whole.logits().length; id++) {
                assertThat(whole.logits()[id]).isCloseTo(oracle.logits()[id], within(2e-4f));
            }
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "null", value = {
        "model_type            | \"gemma\"        | found gemma; it would need a GELU that its files",
        "model_type            | \"bloom\"        | expected one of llama, mistral, qwen2, qwen3, smollm3, granite, phi3, gemma2, gemma3_text, qwen3_moe, mixtral, found bloom",
        "architectures         | [\"LlamaForSequenceClassification\"] | LlamaForSequenceClassification",
        "hidden_act            | \"gelu\"         | hidden_act: expected silu, found gelu",
        "quantization_config   | {\"quant_method\": \"gptq\"} | quantization_config: expected none",
        "partial_rotary_factor | 0.5              | partial_rotary_factor",
        "rope_interleaved      | true             | rope_interleaved: expected false, found true",
        "rope_scaling          | {\"rope_type\": \"longrope\"} | expected default, linear, llama3 or yarn, found longrope",
        "rope_scaling          | {\"rope_type\": \"dynamic\", \"factor\": 2.0} | found dynamic",
        "rope_scaling          | {\"rope_type\": \"llama3\", \"factor\": 2.0} | low_freq_factor: expected a number above 0",
        "rope_scaling          | 3                | rope_scaling",
        "rope_scaling          | {\"full_attention\": {\"rope_type\": \"default\"}} | full_attention: expected a number or a string",
        "rope_theta            | -1               | rope_theta: expected a number above 0, found -1.0",
        "attention_bias        | true             | q_proj.bias: expected this tensor in a llama model whose attention_bias is true",
        "mlp_bias              | true             | down_proj.bias: expected this tensor",
        "num_attention_heads   | 3                | to be a multiple of the num_attention_heads, 3, found 64",
        "num_attention_heads   | null             | num_attention_heads",
        "num_hidden_layers     | 3                | num_hidden_layers = 3, expected 2 from the numbered layers",
        "num_key_value_heads   | 4                | num_key_value_heads = 4",
        "head_dim              | 32               | head_dim = 32",
        "intermediate_size     | 97               | intermediate_size = 97",
        "vocab_size            | 105              | vocab_size = 105",
        "rms_norm_eps          | 0                | rms_norm_eps",
        "max_position_embeddings | 0              | max_position_embeddings"
    })
    void unsupportedConfigurationsAreRefused(String key, String value, String message) throws IOException {
        Map<String, Object> change = new LinkedHashMap<>();
        change.put(key, value == null ? null : Json.parse(value.getBytes(), "value"));
        copy("llama3-gqa", change);
        assertThatThrownBy(() -> Model.load(folder)).isInstanceOf(ModelFormatException.class)
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "smollm3-list | no_rope_layers | [1, 0]           | one entry for each of",
        "qwen2-bias   | layer_types    | [\"full_attention\"] | one entry for each of",
        "qwen2-bias   | layer_types    | [\"sliding_attention\", \"full_attention\"] | windows are disabled",
        "qwen2-window | sliding_window | 0                | sliding_window: expected a whole number from 1",
        "qwen3-norm   | attention_bias | true             | q_proj.bias"
    })
    void invalidLayersAreRefused(String name, String key, String value, String message) throws IOException {
        copy(name, Map.of(key, Json.parse(value.getBytes(), "value")));
        assertThatThrownBy(() -> Model.load(folder)).isInstanceOf(ModelFormatException.class)
                .hasMessageContaining(message);
    }

    private float[] logits(int[] ids) {
        try (Model model = Model.load(folder); Session session = model.newSession()) {
            session.prefill(ids);
            return session.logits().clone();
        }
    }

    /** In Qwen2Config of transformers, None means no window, regardless of use_sliding_window. */
    @Test
    void aNullWindowMeansNoWindow() throws IOException {
        int[] ids = new java.util.Random(6).ints(40, 0, 97).toArray();
        copy("qwen2-window", Map.of());
        float[] windowed = logits(ids);
        configure("qwen2-window", Map.of("use_sliding_window", false));
        float[] whole = logits(ids);
        Map<String, Object> none = new LinkedHashMap<>();
        none.put("sliding_window", null);
        configure("qwen2-window", none);
        assertThat(logits(ids)).isEqualTo(whole).isNotEqualTo(windowed);
        none.put("layer_types", List.of("full_attention", "full_attention", "sliding_attention", "sliding_attention"));
        configure("qwen2-window", none);
        assertThatThrownBy(() -> Model.load(folder)).isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("windows are disabled");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "\"rope_pairing\": \"adjacent\"   | rope_pairing: expected no such key, since the form of RoPE is fixed",
        "\"rope_tables\": \"bf16\"        | rope_tables: expected no such key",
        "\"order\": 2                      | order: expected no such key, since the Llama family has whole heads",
        "\"fixed\": [\"a_k\"]              | fixed: expected no such key",
        "\"head_factors\": \"softmax\"    | head_factors: expected no such key",
        "\"no_scale\": true                | no_scale: expected no such key, since only the MLA",
        "\"window\": \"limits\"          | window: expected no such key, since only Olala",
        "\"shift\": true                   | shift: expected no such key, since only T6"
    })
    void keysOfOtherFamiliesAreRefused(String key, String message) throws IOException {
        copy("llama3-gqa", Map.of());
        Files.writeString(folder.resolve("t6j.json"), "{" + key + "}");
        assertThatThrownBy(() -> Model.load(folder)).isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("t6j.json: " + message).hasMessageEndingWith(": remove it");
        VariantJson variant = new VariantJson(
                Json.parseObject(Files.readAllBytes(folder.resolve("t6j.json")), "t6j.json"), "t6j.json");
        LlamaPreset made = new LlamaPreset(TestData.json("golden_llama/llama3-gqa/config.json"), variant);
        assertThatThrownBy(made::tensors).as("a new model").isInstanceOf(ModelFormatException.class)
                .hasMessageStartingWith("t6j.json: " + message);
    }

    /**
     * Compares the bits of frequencies, and tables to two units in the last place, for 15 published and made-up
     * configurations.
     */
    @Test
    void ropeEqualsTransformers() {
        double[] positions = TestData.doubles("golden_llama/rope/rope.safetensors", "positions");
        int checked = 0;
        for (Object unit : Json.array(TestData.json("golden_llama/rope/case.json").get("units"), "units")) {
            Map<String, Object> fields = Json.object(unit, "unit");
            String name = (String) fields.get("name");
            if (name.startsWith("dynamic")) {
                continue; // not supported
            }
            ConfigJson config = new ConfigJson(Json.object(fields.get("config"), name), name);
            int headDim = ((Long) fields.get("head_dim")).intValue();
            var rope = new io.github.t6j.attention.Rope(LlamaRope.of(config, LlamaType.of(config), headDim));
            double[] inverse = TestData.doubles("golden_llama/rope/rope.safetensors", name + ".inv_freq");
            double[] cos = TestData.doubles("golden_llama/rope/rope.safetensors", name + ".cos");
            double[] sin = TestData.doubles("golden_llama/rope/rope.safetensors", name + ".sin");
            List<Float> frequencies = LlamaRope.of(config, LlamaType.of(config), headDim).frequencies();
            float[] c = new float[headDim / 2];
            float[] s = new float[headDim / 2];
            for (int i = 0; i < c.length; i++) {
                assertThat(frequencies.get(i)).as(name + " pair " + i).isEqualTo((float) inverse[i]);
            }
            for (int p = 0; p < positions.length; p++) {
                rope.table((int) positions[p], c, s, 0);
                for (int i = 0; i < c.length; i++) {
                    String where = name + " position " + positions[p] + " pair " + i;
                    assertThat((double) c[i]).as(where).isCloseTo(cos[p * c.length + i], within(2.5e-7));
                    assertThat((double) -s[i]).as(where).isCloseTo(sin[p * c.length + i], within(2.5e-7));
                }
            }
            checked++;
        }
        assertThat(checked).isEqualTo(15);
    }

    /**
     * End ids come from generation_config.json, not config.json; its sampling is off, because do_sample is missing.
     */
    @Test
    void endIdsComeFromTheFiles() {
        try (Model model = Model.load(golden("llama3-gqa"))) {
            assertThat(model.endIds()).containsExactlyElementsOf(
                    Json.array(TestData.json("golden_llama/llama3-gqa/generation_config.json").get("eos_token_id"),
                            "ids")
                            .stream().map(id -> ((Long) id).intValue()).toList());
        }
        try (Model model = Model.load(golden("llama2-mha"))) {
            assertThat(model.endIds()).containsExactly(2);
            assertThat(model.sampling()).isEmpty();
        }
    }

    @Test
    void anEndIdEndsAGeneration() throws IOException {
        copy("llama3-gqa", Map.of("eos_token_id", List.of(31L, 91L)));
        GenerationOptions greedy = GenerationOptions.defaults().withSampling(SamplingOptions.greedy());
        try (Model model = Model.load(folder); Session session = model.newSession()) {
            Generation end = session.generate(Prompt.of(prompt("llama3-gqa")), greedy, token -> true);
            assertThat(end.tokens()).extracting(Token::id).containsExactly(9);
            assertThat(end.finishReason()).isEqualTo(FinishReason.END_OF_TEXT);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{\"do_sample\": false, \"temperature\": -1}       | none",
        "{\"temperature\": 0.25}                          | none",
        "{\"do_sample\": true, \"temperature\": 0.25}      | 0.25 40 0.95 1.0",
        "{\"do_sample\": true, \"top_k\": 0, \"top_p\": 1, \"repetition_penalty\": 1.5} | 0.8 0 1.0 1.5",
        "{\"do_sample\": true, \"temperature\": -1}        | generation_config.json: temperature: expected 0 or more",
        "{\"do_sample\": 1}                               | do_sample: expected true or false, found 1",
        "{\"eos_token_id\": [1, \"x\"]}                    | eos_token_id: expected an id, or a list of ids, found x"
    })
    void samplingComesFromTheFiles(String json, String expected) throws IOException {
        copy("llama3-gqa", Map.of());
        Files.writeString(folder.resolve("generation_config.json"), json);
        try (Model model = Model.load(folder)) {
            String found = model.sampling()
                    .map(sampling -> sampling.temperature() + " " + sampling.topK() + " " + sampling.topP() + " "
                            + sampling.repetitionPenalty())
                    .orElse("none");
            assertThat(found).isEqualTo(expected);
        } catch (ModelFormatException refused) {
            assertThat(refused).hasMessageContaining(expected);
        }
    }

    /** Generations without options are greedy where the file asks for temperature 0, and t6j's defaults without it. */
    @Test
    void generationsWithoutOptionsUseThoseOfTheFiles() throws IOException {
        for (String file : List.of("config.json", "model.safetensors", "tokenizer.json")) {
            Files.copy(TestData.tiny().resolve(file), folder.resolve(file));
        }
        String prompt = "The whale";
        GenerationOptions greedy = GenerationOptions.defaults().withSampling(SamplingOptions.greedy());
        Files.writeString(folder.resolve("generation_config.json"), "{\"do_sample\": true, \"temperature\": 0}");
        try (Model model = Model.load(folder);
                Session session = model.newSession();
                Session other = model.newSession()) {
            assertThat(model.generationDefaults())
                    .isEqualTo(
                            GenerationOptions.defaults().withSampling(SamplingOptions.defaults().withTemperature(0)));
            List<Token> expected = session.generate(prompt, greedy).tokens();
            assertThat(expected).hasSizeGreaterThan(5);
            session.truncate(0);
            assertThat(session.generate(prompt).tokens()).isEqualTo(expected);
            assertThat(other.stream(prompt)).filteredOn(token -> !token.isTail()).isEqualTo(expected);
        }
        Files.delete(folder.resolve("generation_config.json"));
        try (Model model = Model.load(folder)) {
            assertThat(model.generationDefaults()).isEqualTo(GenerationOptions.defaults());
        }
    }

    /** The model of llama3-gqa in llama.cpp's format; with q8_0, activations are rounded too, with f32 scales. */
    @ParameterizedTest
    @CsvSource({"model-f32.gguf, logits_f32", "model-q8_0.gguf, logits_q8_0_activations_rounded_f32"})
    void ggufModelsEqualTheOracle(String file, String expected) {
        int[] ids = TestData.ints(Json.object(
                TestData.json("golden_llama/gguf-llama3/case.json").get("prompt"), "prompt").get("input_ids"));
        double[] logits = TestData.doubles("golden_llama/gguf-llama3/logits_f64.safetensors", expected);
        checkGguf(golden("gguf-llama3").resolve(file), ids, (position, found) -> {
            for (int id = 0; id < found.length; id++) {
                assertThat((double) found[id]).as("position " + position + " id " + id)
                        .isCloseTo(logits[position * found.length + id], within(TOLERANCE));
            }
        });
    }

    /** The weights of the wide models as llama.cpp keeps them; it may be off by as much as we. */
    @ParameterizedTest
    @ValueSource(strings = {"llama-wide", "llama-wide16", "llama-wide32", "qwen3-wide"})
    void wideGgufFilesAreModels(String name) throws IOException {
        java.nio.file.Path file = folder.resolve("model-f32.gguf");
        LlamaGguf.write(golden(name), file);
        String expected = place("gguf-" + name + "-f32/logits_f64.safetensors");
        double[] logits = TestData.doubles(expected, "logits");
        double[] llamaCpp = TestData.doubles(expected, "llamacpp");
        checkGguf(file, prompt(name), (position, found) -> {
            for (int id = 0; id < found.length; id++) {
                int at = position * found.length + id;
                assertThat((double) found[id]).as("position " + position + " id " + id)
                        .isCloseTo(logits[at], within(TOLERANCE)).isCloseTo(llamaCpp[at], within(2 * TOLERANCE));
            }
        });
    }

    /**
     * Weights of 8 bits, and of f16 where a row has no whole blocks. Where a product rounds its inputs to 8 bits, float
     * and double sooner or later round a number to either side, which every later position sees. Up to there logits
     * agree, and behind it about as far as two programs do: llama.cpp is 0.05 from the oracle on average.
     *
     * @param leading positions that agree at least
     */
    @ParameterizedTest
    @CsvSource({"llama-wide, 4, 0.08", "llama-wide16, 131, 1e-5", "llama-wide32, 3, 0.08", "qwen3-wide, 10, 0.08"})
    void wideGgufFilesOfEightBitsAreModels(String name, int leading, double mean) {
        java.nio.file.Path file = golden("gguf-" + name + "-q8_0").resolve("model-q8_0.gguf");
        int[] ids = prompt(name);
        double[][] logits = LlamaGguf.reference(file, TestData.json(place(name) + "/config.json"))
                .logits(ids, new ProductRounding(file, false));
        double[] sum = new double[ids.length];
        checkGguf(file, ids, (position, found) -> {
            sum[position] = 0;
            for (int id = 0; id < found.length; id++) {
                double difference = Math.abs(found[id] - logits[position][id]);
                sum[position] += difference / found.length;
                if (position < leading) {
                    assertThat(difference).as("position " + position + " id " + id).isLessThan(TOLERANCE);
                }
            }
            if (position == ids.length - 1) {
                assertThat(Arrays.stream(sum).average().orElseThrow()).as("mean difference").isLessThan(mean);
            }
        });
    }

    private static void checkGguf(java.nio.file.Path file, int[] ids, LogitsListener check) {
        for (ModelOptions.Load load : ModelOptions.Load.values()) {
            try (Model model = Model.load(file, ModelOptions.defaults().withLoad(load).withThreads(2));
                    Session session = model.newSession()) {
                session.prefill(ids, check);
                assertThat(model.info().weightFormat()).contains("gguf");
                assertThat(model.notes()).isEmpty();
            }
        }
    }
}
