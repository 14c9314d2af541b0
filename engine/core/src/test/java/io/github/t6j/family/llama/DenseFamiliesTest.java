package io.github.t6j.family.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.Embedder;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.ModelFormatException;
import io.github.t6j.ModelOptions;
import io.github.t6j.Prompt;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.TestData;
import io.github.t6j.WeightType;
import io.github.t6j.attention.AttentionPath;
import io.github.t6j.json.Json;
import io.github.t6j.tokenizer.HandMadeTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Compares Gemma 2 and 3, Phi-3 and Granite with logits that an independent reader computed in float64. Matrices have
 * three panels and more, prompts two passes and more than a window.
 */
class DenseFamiliesTest {
    /** Tolerance of logits compared with float64. */
    private static final double TOLERANCE = 2e-4;

    /** Length up to which phi3-su-long uses its short list; its logits need the long one. */
    private static final int SHORT_TEXTS = 64;

    @TempDir
    Path folder;

    static List<String> cases() {
        return List.of("granite-scaled", "granite-biases", "phi3-window", "phi3-longrope", "phi3-su-long",
                "gemma3-window", "gemma3-nested", "gemma3-rope5", "gemma2-window", "gemma2-defaults");
    }

    private static Path golden(String name) {
        return TestData.path("golden_more/" + name);
    }

    private static Map<String, Object> part(String name, String key) {
        return Json.object(TestData.json("golden_more/" + name + "/case.json").get(key), key);
    }

    private static int[] prompt(String name) {
        return TestData.ints(part(name, "prompt").get("input_ids"));
    }

    private static double[] oracle(String name, String tensor) {
        return TestData.doubles("golden_more/" + name + "/logits_f64.safetensors", tensor);
    }

    /** Returns the logits after each id of the prompt, fed at once. */
    private static float[][] whole(Model model, SessionOptions options, int[] ids) {
        float[][] logits = new float[ids.length][];
        try (Session session = model.newSession(options)) {
            session.prefill(ids, (position, found) -> logits[position] = found.clone());
        }
        return logits;
    }

    private static void check(float[][] found, double[] expected, double tolerance, String what) {
        for (int position = 0; position < found.length; position++) {
            for (int id = 0; id < found[position].length; id++) {
                assertThat((double) found[position][id]).as(what + ", position " + position + ", id " + id)
                        .isCloseTo(expected[position * found[position].length + id], within(tolerance));
            }
        }
    }

    /** Feeds ids in parts of {@code size}, the first one longer than the short texts of longrope if need be. */
    private static void checkParts(Model model, SessionOptions options, String name, int size, float[][] expected) {
        int[] ids = prompt(name);
        int fed = name.equals("phi3-su-long") ? SHORT_TEXTS + 1 : size;
        try (Session session = model.newSession(options)) {
            session.prefill(Arrays.copyOf(ids, fed));
            assertThat(session.logits()).as("after " + fed + " ids").isEqualTo(expected[fed - 1]);
            while (fed < ids.length) {
                int end = Math.min(fed + size, ids.length);
                if (size == 1) {
                    session.step(ids[fed]);
                } else {
                    session.prefill(Arrays.copyOfRange(ids, fed, end));
                }
                fed = end;
                assertThat(session.logits()).as("after " + fed + " ids").isEqualTo(expected[fed - 1]);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void logitsEqualTheOracleForPromptsStepsAndParts(String name) {
        try (Model model = Model.load(golden(name))) {
            for (AttentionPath path : AttentionPath.values()) {
                SessionOptions options = path.of(SessionOptions.defaults());
                float[][] logits = whole(model, options, prompt(name));
                check(logits, oracle(name, "logits"), TOLERANCE, name + " " + path);
                checkParts(model, options, name, path == AttentionPath.FACTORED ? 1 : 57, logits);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void weightsOfF32EqualTheOracleInParts(String name) {
        try (Model model = Model.load(golden(name), ModelOptions.defaults().withWeightType(WeightType.F32))) {
            float[][] logits = whole(model, SessionOptions.defaults(), prompt(name));
            check(logits, oracle(name, "logits"), TOLERANCE, name);
            checkParts(model, SessionOptions.defaults(), name, 29, logits);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void greedyTokensEqualTheOracle(String name) {
        checkGreedy(golden(name), name);
    }

    private static void checkGreedy(Path path, String name) {
        int[] prompt = prompt(name);
        int[] tokens = TestData.ints(part(name, "greedy").get("tokens"));
        int[] all = Arrays.copyOf(prompt, prompt.length + tokens.length);
        System.arraycopy(tokens, 0, all, prompt.length, tokens.length);
        try (Model model = Model.load(path); Session session = model.newSession()) {
            session.prefill(prompt);
            for (int fed = prompt.length; fed < all.length; fed++) {
                assertThat(TestData.best(session.logits())).as("position " + fed).isEqualTo(all[fed]);
                session.step(all[fed]);
            }
        }
    }

    /** Cost of narrower caches: the largest error of a logit, of about 10 at most, over all cases. */
    @ParameterizedTest
    @CsvSource({"F16, 0.06", "BF16, 0.5", "Q8, 0.9"})
    void narrowerCachesStateTheirError(SessionOptions.CacheType type, double bound) {
        double largest = 0;
        for (String name : List.of("granite-scaled", "phi3-longrope", "gemma3-nested", "gemma2-window")) {
            double[] expected = oracle(name, "logits");
            try (Model model = Model.load(golden(name))) {
                float[][] logits = whole(model, SessionOptions.defaults().withCacheType(type), prompt(name));
                for (int i = 0; i < expected.length; i++) {
                    double found = logits[i / logits[0].length][i % logits[0].length];
                    largest = Math.max(largest, Math.abs(found - expected[i]));
                }
            }
        }
        assertThat(largest).isLessThan(bound).isGreaterThan(bound / 10);
    }

    /** Whole heads as tensor product attention with fixed head factors, by a key of t6j.json: two forms, ADR 31. */
    @ParameterizedTest
    @MethodSource("cases")
    void wholeHeadsAreFactorsToo(String name) throws IOException {
        copy(name, Map.of());
        Files.writeString(folder.resolve("t6j.json"), "{\"format\": 1, \"heads\": \"factors\"}");
        try (Model model = Model.load(folder)) {
            assertThat(model.info().attention().name()).contains("as TPA");
            check(whole(model, SessionOptions.defaults(), prompt(name)), oracle(name, "logits"), TOLERANCE, name);
        }
    }

    /** With a tokenizer, ids stand for texts, and this one for an image. Boundaries of images are ordinary text. */
    @Test
    void anImageInAPromptIsRefused() throws IOException {
        copy("gemma3-nested", Map.of("image_token_index", 262L, "boi_token_index", 255L));
        HandMadeTokenizer.write(folder, HandMadeTokenizer.tokenizerJson(List.of("a b", "ab c")));
        try (Model model = Model.load(folder);
                Session session = model.newSession()) {
            Prompt image = Prompt.of(2, 255, 262, 7);
            GenerationOptions few = GenerationOptions.defaults().withMaxTokens(2);
            String message = "prompt: id 262 at index 2: expected ids of text, found the one that stands for an image";
            for (ThrowingCallable door : List.<ThrowingCallable>of(() -> session.generate(image, few),
                    () -> new Embedder(model).embed(image))) {
                assertThatThrownBy(door).isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining(message).hasMessageContaining("remove images from the prompt");
            }
            assertThat(session.generate(Prompt.of(2, 255, 7), few).tokens()).isNotEmpty();
        }
    }

    private void copy(String name, Map<String, Object> changes) throws IOException {
        Files.copy(golden(name).resolve("model.safetensors"), folder.resolve("model.safetensors"));
        Map<String, Object> config = new LinkedHashMap<>(TestData.json("golden_more/" + name + "/config.json"));
        config.putAll(changes);
        Files.writeString(folder.resolve("config.json"), Json.write(config));
    }

    /** A model in llama.cpp's format: gains with the 1, the pattern as a number, windows, a linear RoPE. */
    @Test
    void aGgufFileOfGemmaEqualsTheOracle() {
        String name = "gguf-gemma3-f32";
        Path file = golden(name).resolve("model-f32.gguf");
        try (Model model = Model.load(file)) {
            float[][] logits = whole(model, SessionOptions.defaults(), prompt(name));
            check(logits, oracle(name, "logits"), TOLERANCE, name);
            checkParts(model, SessionOptions.defaults(), name, 1, logits);
            assertThat(model.info().attention().name()).isEqualTo("GQA (gemma3_text), window 50 in 1 layers");
            assertThat(model.endIds()).containsExactly(1);
        }
        checkGreedy(file, name);
    }

    /** With q8_0 weights, two programs that round activations differ by chance; llama.cpp's distance is the measure. */
    @Test
    void aQuantisedGemmaIsAsExactAsLlamaCpp() {
        String name = "gguf-gemma3-q8_0";
        Map<String, Object> peer = Json.object(part(name, "peers").get("llama.cpp"), "llama.cpp");
        double[] expected = oracle(name, "logits");
        try (Model model = Model.load(golden(name).resolve("model-q8_0.gguf"))) {
            double sum = 0;
            float[][] logits = whole(model, SessionOptions.defaults(), prompt(name));
            for (int i = 0; i < expected.length; i++) {
                sum += Math.abs(logits[i / logits[0].length][i % logits[0].length] - expected[i]);
            }
            assertThat(sum / expected.length).isLessThan(1.3 * ((Number) peer.get("mean_abs")).doubleValue());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "null", value = {
        "gemma3-window   | attn_logit_softcapping | 50.0 | attn_logit_softcapping: expected none in a gemma3_text model",
        "gemma3-window   | hidden_activation | \"gelu\" | hidden_activation: expected gelu_pytorch_tanh, found gelu",
        "gemma3-window   | use_bidirectional_attention | true | use_bidirectional_attention: expected false",
        "gemma3-window   | sliding_window | null | sliding_window: expected a whole number from 1, found null",
        "gemma3-window   | rope_scaling | {\"rope_type\": \"yarn\", \"factor\": 4} | expected default or linear, found yarn",
        "gemma3-window   | rope_scaling | {\"type\": \"linear\", \"factor\": 4} | which transformers does not read from type",
        "gemma3-window   | rope_parameters | {\"rope_type\": \"default\"} | full_attention: expected an object",
        "gemma3-window   | layer_types | [\"full_attention\", \"chunked_attention\", \"full_attention\", \"full_attention\"] | found chunked_attention",
        "gemma3-window   | head_dim | null | head_dim: expected 44 by the rows of q_proj",
        "gemma3-window   | query_pre_attn_scalar | 0 | query_pre_attn_scalar: expected a number above 0",
        "gemma3-window   | model_type | \"gemma3n_text\" | found gemma3n_text",
        "gemma3-window   | model_type | \"llama\" | expected one of [gemma2, gemma3_text], by the tensors' names",
        "gemma3-nested   | quantization_config | {\"quant_method\": \"gptq\"} | quantization_config",
        "gemma3-nested   | text_config | null | text_config: expected the keys of the text model",
        "gemma2-window   | rope_scaling | {\"rope_type\": \"llama3\"} | expected default or linear, found llama3",
        "phi3-window     | rope_scaling | {\"type\": \"linear\", \"factor\": 2} | expected default or longrope, found linear",
        "phi3-window     | partial_rotary_factor | 0.3 | partial_rotary_factor: expected an even part of 24 elements",
        "phi3-window     | attention_bias | true | attention_bias: expected false",
        "phi3-window     | lm_head_bias | true | lm_head_bias: expected false",
        "phi3-window     | model_type | \"phi3small\" | found phi3small",
        "phi3-window     | num_attention_heads | 5 | to be a multiple of the heads of queries, keys and values",
        "phi3-su-long    | rope_scaling | {\"type\": \"su\", \"short_factor\": [1], \"long_factor\": [1]} | short_factor: expected 14 numbers, found 1",
        "granite-scaled  | logits_scaling | 0 | logits_scaling: expected a number above 0",
        "granite-scaled  | model_type | \"granitemoe\" | found granitemoe; it would need experts",
    })
    void unsupportedConfigurationsAreRefusedByName(String name, String key, String value, String message)
            throws IOException {
        Map<String, Object> change = new LinkedHashMap<>();
        change.put(key, value == null ? null : Json.parse(value.getBytes(), "value"));
        copy(name, change);
        assertThatThrownBy(() -> Model.load(folder)).isInstanceOf(ModelFormatException.class)
                .hasMessageContaining(message);
    }
}
