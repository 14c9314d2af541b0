package io.github.t6j.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.Model;
import io.github.t6j.ModelFormatException;
import io.github.t6j.ModelOptions;
import io.github.t6j.RopeVariant;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.TestData;
import io.github.t6j.model.NamedTensors;
import io.github.t6j.weights.Checkpoint;
import io.github.t6j.weights.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The published TPA models' conventions, by a small model of their code: gains, their epsilon, the other RoPE sense. */
@Tag("width")
class MlraFamilyTest {
    private static final String GOLDEN = "golden_mlra/tpa_even";

    /** DESIGN.md §3. */
    private static final double TOLERANCE = 2e-4;

    private static final Map<String, Object> GREEDY = TestData.json(GOLDEN + "/greedy.json");
    private static final int[] IDS = TestData.ints(GREEDY.get("prompt"));

    private static void check(String expected, Model model, SessionOptions options) {
        double[] logits = TestData.doubles(GOLDEN + "/logits_f64.safetensors", expected);
        try (Session whole = model.newSession(options); Session steps = model.newSession(options)) {
            whole.prefill(IDS, (position, found) -> {
                steps.decode(IDS[position]);
                assertThat(steps.logits()).as("position " + position).isEqualTo(found);
                for (int id = 0; id < found.length; id++) {
                    assertThat((double) found[id]).as("position " + position + " id " + id)
                            .isCloseTo(logits[position * found.length + id], within(TOLERANCE));
                }
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void logitsAreThoseOfTheOfficialCode(SessionOptions.Path path) {
        try (Model model = Model.load(TestData.path(GOLDEN))) {
            check("logits", model, SessionOptions.defaults().withPath(path));
            assertThat(model.info().family()).isEqualTo("MLRA");
            assertThat(model.info().attention().name()).isEqualTo("TPA");
        }
    }

    @Test
    void greedyTokensAreThoseOfTheOfficialCode() {
        try (Model model = Model.load(TestData.path(GOLDEN)); Session session = model.newSession()) {
            session.prefill(IDS);
            for (int expected : TestData.ints(GREEDY.get("tokens"))) {
                float[] logits = session.logits();
                int best = 0;
                for (int id = 1; id < logits.length; id++) {
                    best = logits[id] > logits[best] ? id : best;
                }
                assertThat(best).as("position " + session.position()).isEqualTo(expected);
                if (session.position() < session.contextLength()) {
                    session.decode(expected);
                }
            }
        }
    }

    /** As their evaluation computed, under bf16 autocast, cosines and sines are rounded: t6j.json can say so. */
    @Test
    void tablesMayBeRounded(@TempDir Path folder) throws IOException {
        for (String file : new String[] {"config.json", "model.safetensors"}) {
            Files.copy(TestData.path(GOLDEN).resolve(file), folder.resolve(file));
        }
        Files.writeString(folder.resolve("t6j.json"), "{\"rope_tables\": \"bf16\"}");
        try (Model model = Model.load(folder)) {
            check("logits_rope_bf16", model, SessionOptions.defaults());
            assertThat(model.info().attention().name()).isEqualTo("TPA, RoPE half-split counterclockwise bf16");
        }
    }

    @Test
    void anotherVariantIsRefused() {
        ModelOptions options = ModelOptions.defaults().withVariant(RopeVariant.PARTIALROPE);
        assertThatThrownBy(() -> Model.load(TestData.path(GOLDEN), options))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("the variant full or none, found partialrope");
    }

    @Test
    void whatIsNotTheirTpaIsRefused() {
        try (Checkpoint checkpoint = Checkpoint.open(TestData.path(GOLDEN), false)) {
            Map<String, Tensor> tensors = new LinkedHashMap<>(checkpoint.tensors());
            Description description = Description.of(TestData.json(GOLDEN + "/config.json"), null);
            tensors.keySet().removeIf(name -> name.contains("c_qkv"));
            assertThatThrownBy(() -> Families.describe(new NamedTensors(tensors, "here"), description))
                    .isInstanceOf(ModelFormatException.class)
                    .hasMessageContaining("expected the TPA model of the MLRA checkpoints");
        }
    }

    @Test
    void sizesMustBeThoseOfTheShapes() {
        try (Checkpoint checkpoint = Checkpoint.open(TestData.path(GOLDEN), false)) {
            NamedTensors tensors = new NamedTensors(checkpoint.tensors(), "here");
            for (String key : new String[] {"intermediate_size", "n_head", "head_dim", "rank", "q_rank", "n_layer"}) {
                Map<String, Object> config = new LinkedHashMap<>(TestData.json(GOLDEN + "/config.json"));
                config.put(key, 99L);
                assertThatThrownBy(() -> Families.describe(tensors, Description.of(config, null))).as(key)
                        .isInstanceOf(ModelFormatException.class)
                        .hasMessageContaining(key + " = 99");
            }
        }
    }
}
