package io.github.t6j.family.olala;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.offset;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.Model;
import io.github.t6j.ModelFormatException;
import io.github.t6j.ModelInfo;
import io.github.t6j.ModelOptions;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.TestData;
import io.github.t6j.WeightType;
import io.github.t6j.attention.AttentionPath;
import io.github.t6j.json.Json;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.safetensors.Safetensors;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests Olala models with small ones whose logits the original classes computed in float64. */
@Tag("width")
class OlalaFamilyTest {
    private static final double TOLERANCE = 2e-4;
    private static final int CHUNK = 7;
    private static final String GGUF = "gguf-dragon";

    @TempDir
    Path folder;

    static List<String> cases() throws IOException {
        try (Stream<Path> folders = Files.list(TestData.path("golden_olala"))) {
            return folders.filter(Files::isDirectory).map(path -> path.getFileName().toString()).sorted().toList();
        }
    }

    private static Model load(String name) {
        return Model.load(TestData.path("golden_olala/" + name), ModelOptions.defaults().withThreads(2));
    }

    private static int[] ids(String name) {
        return TestData.ints(((Map<?, ?>) TestData.json("golden_olala/" + name + "/case.json").get("prompt"))
                .get("input_ids"));
    }

    /** Checks whole prompts, chunks and steps: all within the tolerance, with the same bits. */
    @ParameterizedTest
    @MethodSource("cases")
    void logitsEqualTheOriginal(String name) {
        int[] ids = ids(name);
        double[] expected = TestData.doubles("golden_olala/" + name + "/logits_f64.safetensors", "logits");
        try (Model model = load(name)) {
            assertThat(model.info().family()).isEqualTo("Olala");
            for (AttentionPath path : AttentionPath.values()) {
                check(ids, expected, model, path.of(SessionOptions.defaults()));
            }
        }
    }

    private static void check(int[] ids, double[] expected, Model model, SessionOptions options) {
        try (Session whole = model.newSession(options);
                Session chunks = model.newSession(options);
                Session steps = model.newSession(options)) {
            float[][] found = new float[ids.length][];
            whole.prefill(ids, (position, logits) -> found[position] = logits.clone());
            double worst = 0;
            for (int position = 0; position < ids.length; position++) {
                for (int id = 0; id < found[position].length; id++) {
                    double exact = expected[position * found[position].length + id];
                    worst = Math.max(worst, Math.abs(found[position][id] - exact));
                }
            }
            assertThat(worst).as("largest difference from float64").isCloseTo(0, within(TOLERANCE));
            for (int position = 0; position < ids.length; position++) {
                steps.step(ids[position]);
                assertThat(steps.logits()).as("step " + position).isEqualTo(found[position]);
            }
            for (int from = 0; from < ids.length; from += CHUNK) {
                chunks.prefill(Arrays.copyOfRange(ids, from, Math.min(from + CHUNK, ids.length)),
                        (position, logits) -> assertThat(logits).as("chunks, position " + position)
                                .isEqualTo(found[position]));
            }
        }
    }

    /** Beyond the window of 61 tokens, pages are dropped, and with them the predecessor of a hidden token. */
    @Test
    void longSequencesDropPagesBehindTheWindow() {
        int[] ids = new Random(7).ints(450, 0, 101).toArray();
        try (Model model = load("full-mmmmv"); Session steps = model.newSession()) {
            float[][] found = logits(model, ids);
            float[][] oracle = logits(model, ids, AttentionPath.MATERIALIZED.of(SessionOptions.defaults()));
            for (int position = 0; position < ids.length; position++) {
                steps.step(ids[position]);
                assertThat(steps.logits()).as("step " + position).isEqualTo(found[position]);
                assertThat(found[position]).as("position " + position).containsExactly(oracle[position], offset(2e-4f));
            }
        }
    }

    private static float[][] logits(Model model, int[] ids) {
        return logits(model, ids, SessionOptions.defaults());
    }

    private static float[][] logits(Model model, int[] ids, SessionOptions options) {
        float[][] found = new float[ids.length][];
        try (Session session = model.newSession(options)) {
            session.prefill(ids, (position, logits) -> found[position] = logits.clone());
        }
        return found;
    }

    /** Factors of rank 2 for 2 key heads of 6 elements follow the cache's type, shifts and lengths of keys do not. */
    @Test
    void gatesOfTheCacheStayF32() {
        try (Model model = load("taps-mv")) {
            int factors = 2 * 2 * (2 + 6);
            int gates = 2 * 2 + 2;
            ModelInfo.Cache cache = model.info().cache();
            assertThat(cache.bytesPerToken(CacheType.F32)).isEqualTo(4 * factors + 4 * gates);
            assertThat(cache.bytesPerToken(CacheType.BF16)).isEqualTo(2 * factors + 4 * gates);
            assertThat(cache.bytesPerToken(CacheType.Q8)).isEqualTo(factors + 4 * gates);
        }
    }

    @Test
    void aGgufFileHasTheBitsOfTheFolder() {
        int[] ids = ids(GGUF);
        Path file = TestData.path("golden_olala/gguf-dragon/model-f32.gguf");
        try (Model gguf = Model.load(file, ModelOptions.defaults().withThreads(2)); Model huggingFace = load(GGUF)) {
            assertThat(gguf.info().family()).isEqualTo("Olala");
            assertThat(gguf.info().assumptions()).anyMatch(text -> text.contains("as in llama.cpp"));
            assertThat(gguf.notes()).as("printed by each command").anyMatch(text -> text.contains("as in llama.cpp"));
            assertThat(huggingFace.notes()).noneMatch(text -> text.contains("slw_wsize"));
            assertThat(huggingFace.info().assumptions()).anyMatch(text -> text.contains("as slw_wsize means"));
            assertThat(logits(gguf, ids)).isDeepEqualTo(logits(huggingFace, ids));
        }
    }

    /** The window of config.json masks; with "limits" in t6j.json it does not, and the logits differ. */
    @Test
    void t6jJsonChoosesTheReadingOfTheWindow() throws IOException {
        copy("tpa-all", folder);
        int[] ids = ids("tpa-all");
        float[][] masked;
        try (Model model = Model.load(folder)) {
            assertThat(model.info().cache().windows()).containsOnly(38);
            masked = logits(model, ids);
        }
        Files.writeString(folder.resolve("t6j.json"), "{\"window\": \"limits\"}");
        try (Model model = Model.load(folder)) {
            assertThat(model.info().cache().windows()).containsOnly(0);
            float[][] all = logits(model, ids);
            assertThat(all[37]).isEqualTo(masked[37]);
            assertThat(all[39]).isNotEqualTo(masked[39]);
        }
    }

    /** A GGUF file's window limits only; with "masks" in t6j.json it masks, too. */
    @Test
    void t6jJsonChoosesTheReadingOfTheWindowOfGguf() throws IOException {
        Path file = Files.copy(
                TestData.path("golden_olala/gguf-dragon/model-f32.gguf"), folder.resolve("model-f32.gguf"));
        Files.writeString(folder.resolve("t6j.json"), "{\"window\": \"masks\"}");
        try (Model model = Model.load(file)) {
            assertThat(model.info().cache().windows()).containsExactly(0, 0, 0, 4097, 0);
            assertThat(model.info().assumptions()).anyMatch(text -> text.contains("as slw_wsize means"));
        }
    }

    /** A window of more tokens than an int counts hides nothing. */
    @Test
    void aHugeWindowHidesNothing() throws IOException {
        change("taps-mv", Map.of("slw_wsize", 7_000_000_000L));
        try (Model model = Model.load(folder)) {
            assertThat(model.info().cache().windows()).containsExactly(0, (1 << 30) + 1);
            float[] found = logits(model, new int[] {1, 2, 3})[2];
            try (Model small = load("taps-mv")) { // a window of 7
                assertThat(found).isEqualTo(logits(small, new int[] {1, 2, 3})[2]);
            }
        }
    }

    /** Keys of t6j.json that do not apply to Olala are errors, as for other families. */
    @ParameterizedTest
    @ValueSource(strings = {
        "heads: factors", "no_scale: true", "order: 2", "fixed: []", "shared_b: false", "head_factors: linear",
        "rope_pairing: half", "rope_sense: clockwise", "rope_tables: f32", "shift: true", "slidingWindow: 7"
    })
    void keysOfOtherFamiliesAreRefused(String pair) throws IOException {
        copy("taps-mv", folder);
        String key = pair.substring(0, pair.indexOf(':'));
        Object value = value(pair.substring(key.length() + 2));
        Files.writeString(folder.resolve("t6j.json"), Json.write(Map.of(key, value)));
        assertThatExceptionOfType(ModelFormatException.class).isThrownBy(() -> Model.load(folder).close())
                .withMessageContaining("t6j.json: " + key + ": expected no such key")
                .withMessageEndingWith("remove it");
    }

    private static Object value(String text) {
        boolean isJson = text.matches("true|false|-?\\d+|[\\[{].*");
        return isJson ? Json.parseObject(("{\"v\": " + text + "}").getBytes(UTF_8), "value").get("v") : text;
    }

    /** Copies a model with other values in config.json. */
    private void change(String name, Map<String, Object> changes, String... removed) throws IOException {
        copy(name, folder);
        Map<String, Object> config = new LinkedHashMap<>(TestData.json("golden_olala/" + name + "/config.json"));
        config.putAll(changes);
        config.keySet().removeAll(List.of(removed));
        Files.writeString(folder.resolve("config.json"), Json.write(config));
    }

    private static void copy(String name, Path to) throws IOException {
        for (String file : List.of("config.json", "model.safetensors")) {
            Files.copy(TestData.path("golden_olala/" + name + "/" + file), to.resolve(file));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "xsa, true", "cosnet, true", "use_value_embedding, true", "token_conv1d_attn, true",
        "patch_level_training, true", "complete_slw, true", "logits_scaling_ngpt, true", "mlp_type, gated",
        "normalization_type, layernorm", "gate_type, kimi", "layers_config, Mv", "skip_moe_layers, [1]",
        "skip_mixer_layers, [0]", "layer_idx_map, {\"0\": 1}", "rope_type, rope", "mamba_ngroups, 2",
        "mamba3_remove_conv, false", "mixer_gn, true", "gate_act, gelu", "layers_mlp_config, m",
        "layers_mlp_config, mx", "num_signal_heads_diff, 6", "num_signal_heads_diff, 2", "moe_num_active_experts, 6",
        "mamba_headdim, 7", "num_hidden_layers, 3", "layers_config, Mw", "layers_config, Mt", "layers_config, Mg",
        "layers_config, M2"
    })
    void unsupportedKeysAreRefused(String key, String value) throws IOException {
        change("taps-mv", Map.of(key, value(value)));
        assertRefused(key);
    }

    private void assertRefused(String key) {
        assertThatExceptionOfType(ModelFormatException.class).isThrownBy(() -> Model.load(folder).close())
                .withMessageContaining(key).withMessageContaining("expected");
    }

    /** The gate's kind is checked without a gate, too. */
    @Test
    void otherGatesAreRefusedWithoutAGate() throws IOException {
        change("tpa-equal", Map.of("gate_attn", false, "gate_type", "kimi"));
        assertRefused("gate_type");
    }

    /** Residuals that do not rotate are scaled by the depth divided by base_depth. */
    @Test
    void scaledResidualsNeedTheBaseDepth() throws IOException {
        change("taps-mv", Map.of("geodesic_update", false, "use_completed_p", true), "base_depth");
        assertRefused("base_depth");
    }

    @Test
    void tooManyLayersAreRefused() throws IOException {
        change("taps-mv", Map.of("layers_config", "M".repeat(1 << 20)), "num_hidden_layers");
        assertRefused("layers_config: expected at most 4096 letters, found 1048576");
    }

    /** Sessions that are forked, saved and restored, or truncated go on with the bits of new ones. */
    @ParameterizedTest
    @ValueSource(strings = {"full-mmmmv", "tpa-all"})
    void sessionsContinueWithTheSameBits(String name) {
        int[] ids = ids(name);
        int[] begin = Arrays.copyOf(ids, 70);
        int[] end = Arrays.copyOfRange(ids, 70, ids.length);
        try (Model model = load(name); Session session = model.newSession(); Session restored = model.newSession()) {
            float[] expected = logits(model, ids)[ids.length - 1];
            session.prefill(begin);
            session.save(folder.resolve("session"));
            try (Session fork = session.fork()) {
                session.prefill(1, 2, 3);
                fork.prefill(end);
                assertThat(fork.logits()).as("fork").isEqualTo(expected);
            }
            restored.restore(folder.resolve("session"));
            restored.prefill(end);
            assertThat(restored.logits()).as("restored").isEqualTo(expected);
            session.truncate(70);
            session.prefill(end);
            assertThat(session.logits()).as("truncated").isEqualTo(expected);
        }
    }

    /** Mean differences from an f32 cache; logits have a standard deviation of about 2.5. */
    @ParameterizedTest
    @CsvSource({"F16, 0.02", "BF16, 0.1", "Q8, 0.25"})
    void reducedCachesCostLittle(CacheType type, float bound) {
        int[] ids = ids("tpa-cap150");
        try (Model model = load("tpa-cap150")) {
            float[][] exact = logits(model, ids);
            SessionOptions options = SessionOptions.defaults().withCacheType(type);
            float[][] rounded = logits(model, ids, options);
            assertThat(difference(rounded, exact)).as("root mean square difference").isLessThan(bound);
            float[][] oracle = logits(model, ids, AttentionPath.MATERIALIZED.of(options));
            assertThat(difference(rounded, oracle)).as("from the oracle with that cache").isLessThan(bound / 3);
            try (Session steps = model.newSession(options)) {
                for (int id : ids) {
                    steps.step(id);
                }
                assertThat(steps.logits()).as("steps").isEqualTo(rounded[ids.length - 1]);
            }
        }
    }

    private static double difference(float[][] found, float[][] expected) {
        double squares = 0;
        for (int position = 0; position < expected.length; position++) {
            for (int id = 0; id < expected[position].length; id++) {
                squares += Math.pow(found[position][id] - expected[position][id], 2);
            }
        }
        return Math.sqrt(squares / expected.length / expected[0].length);
    }

    @Test
    void severalSessionsShareAPass() {
        int[] ids = ids("full-mmmmv");
        try (Model model = load("full-mmmmv"); Session a = model.newSession(); Session b = model.newSession()) {
            float[][] expected = logits(model, ids);
            a.prefill(Arrays.copyOf(ids, 90));
            b.prefill(Arrays.copyOf(ids, 40));
            for (int step = 0; step < 20; step++) {
                model.step(List.of(a, b), new int[] {ids[90 + step], ids[40 + step]});
            }
            assertThat(a.logits()).isEqualTo(expected[109]);
            assertThat(b.logits()).isEqualTo(expected[59]);
        }
    }

    /** Updates of 1e14 overflow an f16 scale of activations, and their squares would overflow floats if not scaled. */
    @ParameterizedTest
    @EnumSource(value = WeightType.class, mode = EnumSource.Mode.EXCLUDE, names = "F32")
    void hugeActivationsStayRight(WeightType type) throws IOException {
        float[][] huge = new float[2][];
        float[][] usual = new float[2][];
        int[] ids = ids("full-wide");
        for (int i = 0; i < 2; i++) { // the scale of a layer's output does not change the direction of its update
            Path model = Files.createDirectory(folder.resolve("model" + i));
            scaled("full-wide", i == 0 ? 1f : 0x1p46f, model);
            try (Model loaded = Model.load(model, ModelOptions.defaults().withThreads(2).withWeightType(type))) {
                (i == 0 ? usual : huge)[0] = logits(loaded, ids)[ids.length - 1];
            }
        }
        for (float logit : huge[0]) {
            assertThat(logit).isFinite();
        }
        assertThat(huge[0]).containsExactly(usual[0], offset(2e-3f));
    }

    /** Writes a model whose first mixer's outputs are multiplied by {@code factor}, which its update's direction keeps. */
    private static void scaled(String name, float factor, Path to) throws IOException {
        Path from = TestData.path("golden_olala/" + name);
        Files.copy(from.resolve("config.json"), to.resolve("config.json"));
        try (Arena arena = Arena.ofConfined()) {
            List<Tensor> tensors = new ArrayList<>();
            for (Tensor tensor : Safetensors.read(from.resolve("model.safetensors"), arena).tensors().values()) {
                float[] elements = tensor.toFloats();
                if (tensor.name().endsWith("layers.0.mixer.out_proj_mimo")) {
                    for (int i = 0; i < elements.length; i++) {
                        elements[i] *= factor;
                    }
                }
                if (tensor.name().contains("layers.0.geodesic_mixer")) { // the clamp at π/4 is the same for both then
                    elements[0] = tensor.name().endsWith("scale") ? 0f : 0.3f;
                }
                tensors.add(Tensor.of(tensor.name(), elements, tensor.shape().stream().mapToLong(d -> d).toArray()));
            }
            Safetensors.write(to.resolve("model.safetensors"), Map.of(), tensors);
        }
    }
}
