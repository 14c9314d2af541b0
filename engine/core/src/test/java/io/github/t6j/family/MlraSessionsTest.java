package io.github.t6j.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.Model;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.TestData;
import io.github.t6j.attention.AttentionPath;
import io.github.t6j.family.mlra.MlraConfig;
import io.github.t6j.json.Json;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Sessions of the MLRA models: cache size in every type; saved, forked and truncated sessions; the same bits with any
 * number of threads.
 */
class MlraSessionsTest {
    private static final long SEED = 5;

    /** Length beyond two pages. */
    private static final int LENGTH = 150;

    @TempDir
    Path folder;

    static List<MlraCase> cases() {
        return MlraCase.ALL;
    }

    private static int[] ids(Model model) {
        return new Random(SEED).ints(LENGTH, 0, model.info().sizes().vocabulary()).toArray();
    }

    private static SessionOptions options(CacheType type) {
        return SessionOptions.defaults().withContextLength(LENGTH).withCacheType(type);
    }

    /** Returns the cached elements of a token and layer, computed from config.json alone. */
    private static long numbers(String attention, Map<String, Object> config) {
        long heads = (Long) config.get("n_head");
        long group = (Long) config.getOrDefault("group_size", 1L);
        long headDim = (Long) config.getOrDefault("head_dim", 0L);
        return switch (attention) {
            case "TPA" -> 2 * (Long) config.get("rank") * (heads + headDim);
            case "MHA", "GQA", "MQA" -> 2 * heads / group * headDim;
            case "GTA" -> heads / group * headDim + headDim / 2;
            case "MFA" -> 2 * headDim;
            default -> (Long) config.get("kv_lora_rank") + (Long) config.get("qk_rope_head_dim");
        };
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aTokenTakesTheBytesOfThePaper(MlraCase golden) {
        try (Model model = golden.load()) {
            long expected = numbers(golden.attention(), golden.config());
            assertThat(model.info().cache().elementsPerToken()).isEqualTo(Math.toIntExact(expected));
            try (Session session = model.newSession()) {
                session.prefill(1, 2, 3);
                assertThat(session.usedCacheBytes())
                        .isEqualTo(3 * expected * model.info().sizes().layers() * Float.BYTES);
            }
        }
    }

    /** Compares names and shapes with the official state_dict. */
    @ParameterizedTest
    @MethodSource("cases")
    void tensorsOfANewModelEqualTheOfficialOnes(MlraCase golden) {
        Map<String, Object> official = new TreeMap<>(Json.object(
                TestData.json("golden_mlra/" + golden.name() + "/case.json").get("state_dict_shapes"), "shapes"));
        official.remove("transformer.wte.weight");
        MlraConfig.Attention attention = MlraConfig.Attention.valueOf(golden.attention().replace('-', '_'));
        Map<String, Object> shapes = new TreeMap<>();
        new MlraConfig(attention, golden.config(), VariantJson.none()).tensors()
                .forEach(tensor -> shapes.put(tensor.name(), tensor.shape()));
        assertThat(shapes).isEqualTo(official);
    }

    /** Compares with the published sizes: cached elements, and parameters with the tied matrix counted once. */
    @ParameterizedTest
    @CsvSource({
        "TPA, 2873183232, 608", "MHA, 2872593408, 6144", "GQA, 2872593408, 1536", "MQA, 2872003584, 256",
        "GTA, 2872003584, 832", "MFA, 2873232384, 512", "MLA, 2872052736, 576", "GLA-2, 2872630272, 576",
        "GLA-4, 2873220096, 576", "MLRA-2, 2872630272, 576", "MLRA-4, 2873220096, 576"})
    void publishedShapesHaveTheirSizes(String name, long parameters, long numbers) {
        MlraConfig.Attention attention = MlraConfig.Attention.valueOf(name.replace('-', '_'));
        NewModel published = MlraConfig.published(attention);
        assertThat(published.tensors().stream()
                .mapToLong(tensor -> tensor.shape().stream().reduce(1L, Math::multiplyExact))
                .sum()).isEqualTo(parameters);
        assertThat(numbers(name, published.config())).isEqualTo(numbers);
        assertThat(MlraConfig.small(attention).tensors()).hasSize((published.tensors().size() - 2) / 6 + 2);
    }

    @Tag("full")
    @ParameterizedTest
    @MethodSource("cases")
    void threadsAndChunksDoNotChangeBits(MlraCase golden) {
        float[] expected = null;
        for (int threads : new int[] {1, 2, 5}) {
            try (Model model = golden.load(threads);
                    Session whole = model.newSession(options(CacheType.F32));
                    Session chunks = model.newSession(options(CacheType.F32))) {
                int[] ids = ids(model);
                int[] lengths = {30, 1, 1, 31, 31, 31, 25}; // fewer than rebuild values
                for (int i = 0, from = 0; i < lengths.length; from += lengths[i++]) {
                    chunks.prefill(Arrays.copyOfRange(ids, from, from + lengths[i]));
                }
                for (int from = 0; from < LENGTH; from += 30) {
                    whole.prefill(Arrays.copyOfRange(ids, from, from + 30));
                }
                assertThat(chunks.logits()).as("threads " + threads).isEqualTo(whole.logits());
                expected = expected == null ? whole.logits().clone() : expected;
                assertThat(whole.logits()).as("threads " + threads).isEqualTo(expected);
            }
        }
    }

    /** Runs sessions of different lengths in one pass over the weights. */
    @ParameterizedTest
    @MethodSource("cases")
    void otherSessionsDoNotChangeBits(MlraCase golden) {
        try (Model model = golden.load();
                Session first = model.newSession(options(CacheType.F32));
                Session second = model.newSession(options(CacheType.Q8));
                Session alone = model.newSession(options(CacheType.Q8))) {
            int[] ids = ids(model);
            first.prefill(Arrays.copyOf(ids, 9));
            second.prefill(Arrays.copyOf(ids, 35));
            alone.prefill(Arrays.copyOf(ids, 35));
            for (int i = 35; i < 70; i++) {
                model.step(List.of(first, second), new int[] {ids[i], ids[i]});
                alone.step(ids[i]);
            }
            assertThat(second.logits()).isEqualTo(alone.logits());
        }
    }

    /** Compares long passes, which may rebuild keys and values, and single steps with the oracle. */
    @Tag("full")
    @ParameterizedTest
    @MethodSource("cases")
    void longPassesEqualTheOracle(MlraCase golden) {
        try (Model model = golden.load();
                Session whole = model.newSession(options(CacheType.F32));
                Session oracle =
                        model.newSession(AttentionPath.MATERIALIZED.of(options(CacheType.F32)))) {
            int[] ids = ids(model);
            float[][] expected = new float[LENGTH][];
            oracle.prefill(ids, (position, logits) -> expected[position] = logits.clone());
            whole.prefill(ids, (position, logits) -> {
                for (int id = 0; id < logits.length; id++) {
                    assertThat((double) logits[id]).as("seed " + SEED + " position " + position + " id " + id)
                            .isCloseTo(expected[position][id], within(2e-4));
                }
            });
        }
    }

    /** Checks that restored, forked and truncated sessions continue with the same bits, with every type of cache. */
    @ParameterizedTest
    @MethodSource("cases")
    void sessionsAreSavedForkedAndTruncated(MlraCase golden) {
        try (Model model = golden.load()) {
            int[] ids = ids(model);
            for (CacheType type : CacheType.values()) {
                try (Session whole = model.newSession(options(type));
                        Session restored = model.newSession(options(type))) {
                    for (int from = 0; from < 70; from += 14) { // passes of few rows, all of one form
                        whole.prefill(Arrays.copyOfRange(ids, from, from + 14));
                    }
                    whole.save(folder.resolve("session"));
                    restored.restore(folder.resolve("session"));
                    try (Session fork = whole.fork()) {
                        fork.prefill(7, 8, 9, 10);
                        fork.truncate(69);
                        for (int i = 69; i < 110; i++) {
                            fork.step(ids[i]);
                        }
                        whole.prefill(Arrays.copyOfRange(ids, 70, 90));
                        whole.prefill(Arrays.copyOfRange(ids, 90, 110));
                        assertThat(fork.logits()).as(type + " forked and truncated").isEqualTo(whole.logits());
                    }
                    for (int i = 70; i < 110; i++) {
                        restored.step(ids[i]);
                    }
                    assertThat(restored.logits()).as(type + " restored").isEqualTo(whole.logits());
                }
            }
        }
    }

    /**
     * Bounds are about twice the measured errors. Those were at most 0.1, 1.0 and 1.7 for the TPA models, whose
     * products of two rounded factors have larger errors, and 0.04, 0.33 and 0.8 for the others, with logits up to 15.
     */
    @ParameterizedTest
    @MethodSource("cases")
    void typesOfReducedPrecisionStayNear(MlraCase golden) {
        Map<CacheType, Double> bounds = golden.attention().equals("TPA")
                ? Map.of(CacheType.F16, 0.2, CacheType.BF16, 2.0, CacheType.Q8, 3.4)
                : Map.of(CacheType.F16, 0.08, CacheType.BF16, 0.65, CacheType.Q8, 1.6);
        try (Model model = golden.load()) {
            float[] exact = logits(model, CacheType.F32);
            bounds.forEach((type, bound) -> {
                float[] found = logits(model, type);
                double largest = 0;
                for (int i = 0; i < exact.length; i++) {
                    largest = Math.max(largest, Math.abs(found[i] - exact[i]));
                }
                assertThat(largest).as(type + ", seed " + SEED).isBetween(1e-4, bound);
            });
        }
    }

    /** Returns the logits after each id. */
    private static float[] logits(Model model, CacheType type) {
        int vocabulary = model.info().sizes().vocabulary();
        float[] all = new float[LENGTH * vocabulary];
        try (Session session = model.newSession(options(type))) {
            session.prefill(ids(model), (position, logits) -> System.arraycopy(
                    logits, 0, all, position * vocabulary, vocabulary));
        }
        return all;
    }
}
