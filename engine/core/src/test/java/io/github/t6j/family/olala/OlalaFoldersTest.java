package io.github.t6j.family.olala;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.Session;
import io.github.t6j.TestData;
import io.github.t6j.WeightType;
import io.github.t6j.json.Json;
import io.github.t6j.oracle.OlalaReference;
import io.github.t6j.oracle.Weights;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.safetensors.Safetensors;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests folders that differ from a golden one in names, shapes, types or scale. */
@Tag("width")
class OlalaFoldersTest {
    private static final String GOLDEN = "full-mmmmv";

    @TempDir
    Path folder;

    /** Writes a golden model with other keys and tensors; a tensor that becomes null is left out. */
    private Path rewritten(String golden, Map<String, Object> keys, UnaryOperator<Tensor> change) throws IOException {
        Path from = TestData.path("golden_olala/" + golden);
        Path to = Files.createTempDirectory(folder, golden);
        Map<String, Object> config = new LinkedHashMap<>(TestData.json(from.resolve("config.json")));
        config.putAll(keys);
        Files.writeString(to.resolve("config.json"), Json.write(config));
        try (Arena arena = Arena.ofConfined()) {
            List<Tensor> tensors =
                    Safetensors.read(from.resolve("model.safetensors"), arena).tensors().values().stream()
                            .map(change).filter(Objects::nonNull).toList();
            Safetensors.write(to.resolve("model.safetensors"), Map.of(), tensors);
        }
        return to;
    }

    private static Tensor tensor(Tensor old, DType type, float[] elements) {
        return Tensor.of(old.name(), type, elements, old.shape().stream().mapToLong(Long::longValue).toArray());
    }

    private static int[] ids(String golden) {
        return TestData.ints(((Map<?, ?>) TestData.json("golden_olala/" + golden + "/case.json").get("prompt"))
                .get("input_ids"));
    }

    private static float[][] logits(Path model, int[] ids) {
        return logits(model, ids, null);
    }

    private static float[][] logits(Path path, int[] ids, WeightType type) {
        float[][] found = new float[ids.length][];
        try (Model model = Model.load(path, ModelOptions.defaults().withThreads(2).withWeightType(type));
                Session session = model.newSession()) {
            assertThat(model.info().family()).isEqualTo("Olala");
            session.prefill(ids, (position, logits) -> found[position] = logits.clone());
        }
        return found;
    }

    /** Compares logits with a forward in float64 from the same files. */
    private static void assertEqualsReference(Path model, int[] ids, float[][] found) {
        double[][] expected = new OlalaReference(Weights.read(model), TestData.json(model.resolve("config.json")))
                .logits(ids);
        for (int position = 0; position < ids.length; position++) {
            for (int id = 0; id < expected[position].length; id++) {
                assertThat((double) found[position][id]).as("position " + position + ", id " + id)
                        .isCloseTo(expected[position][id], within(2e-4));
            }
        }
    }

    @Test
    void dragonIsAnOlderName() throws IOException {
        Path dragon = rewritten(
                GOLDEN, Map.of("model_type", "dragon", "architectures", List.of("DragonForCausalLM")), old -> old);
        assertThat(logits(dragon, ids(GOLDEN)))
                .isDeepEqualTo(logits(TestData.path("golden_olala/" + GOLDEN), ids(GOLDEN)));
    }

    @Test
    void scalarsOfRotationsMayHaveOneDimension() throws IOException {
        int[] changed = new int[1];
        Path model = rewritten(GOLDEN, Map.of(), old -> {
            if (!old.name().contains("geodesic")) {
                return old;
            }
            assertThat(old.shape()).isEmpty();
            changed[0]++;
            return Tensor.of(old.name(), old.toFloats(), 1);
        });
        assertThat(changed[0]).as("scale, bias and a buffer, twice in ten layers").isEqualTo(2 * 3 * 10);
        assertThat(logits(model, ids(GOLDEN)))
                .isDeepEqualTo(logits(TestData.path("golden_olala/" + GOLDEN), ids(GOLDEN)));
    }

    /** Exports keep some tensors in float32; in older ones, all are bfloat16. */
    @ParameterizedTest
    @CsvSource({
        "full-mmmmv, '.*(softmax_scaler|_bias|mimo.*|mixer.D)'", "full-mmmmv, none", "moe-options, none",
        "mamba-odd, none", "tpa-prenorm, none"})
    void bf16FoldersHaveTheLogitsOfTheirWeights(String golden, String kept) throws IOException {
        Path model = rewritten(
                golden, Map.of("torch_dtype", "bfloat16"),
                old -> old.name().matches(kept) ? old : tensor(old, DType.BF16, old.toFloats()));
        assertEqualsReference(model, ids(golden), logits(model, ids(golden)));
    }

    /** The embedding is divided by its length where it is read, but not as the head. */
    @ParameterizedTest
    @CsvSource({"full-mmmmv", "mamba-odd", "tpa-prenorm"})
    void aTiedHeadIsTheEmbedding(String golden) throws IOException {
        Path model = rewritten(
                golden, Map.of("tie_lm_head", true, "tie_word_embeddings", true),
                old -> old.name().equals("lm_head.weight") ? null : old);
        float[][] found = logits(model, ids(golden));
        assertEqualsReference(model, ids(golden), found);
        assertThat(found).isNotEqualTo(logits(TestData.path("golden_olala/" + golden), ids(golden)));
    }

    /**
     * Activations of 6e9 after the squared ReLU, in experts and in the shared expert, overflow an f16 scale. Powers of
     * two change no digit of the weights, and the length of an update does not matter, so the bits stay.
     */
    @ParameterizedTest
    @EnumSource(WeightType.class)
    void hugeActivationsOfExpertsChangeNoBit(WeightType type) throws IOException {
        int[] ids = ids("full-wide");
        Path usual = rewritten("full-wide", Map.of(), old -> scaled(old, 1f));
        Path huge = rewritten("full-wide", Map.of(), old -> scaled(old, 0x1p16f));
        float[][] found = logits(huge, ids, type);
        for (float logit : found[ids.length - 1]) {
            assertThat(logit).isFinite();
        }
        assertThat(found).isDeepEqualTo(logits(usual, ids, type));
        if (type == WeightType.F32) {
            assertEqualsReference(huge, ids, found);
        }
    }

    /** Multiplies the first matrices of experts by {@code factor}, and makes the angle of their update constant. */
    private static Tensor scaled(Tensor old, float factor) {
        float[] elements = old.toFloats();
        if (old.name().endsWith("experts.experts.weight") || old.name().endsWith("shared_experts.fc_1.weight")) {
            for (int i = 0; i < elements.length; i++) {
                elements[i] *= factor;
            }
        }
        if (old.name().endsWith("geodesic_mlp.scale")) {
            elements[0] = 0f;
        } else if (old.name().endsWith("geodesic_mlp.bias")) {
            elements[0] = 0.4f;
        }
        return tensor(old, DType.F32, elements);
    }
}
