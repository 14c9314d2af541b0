package io.github.t6j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.github.t6j.Model;
import io.github.t6j.ModelFormatException;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.TestData;
import io.github.t6j.attention.AttentionPath;
import io.github.t6j.family.VariantJson;
import io.github.t6j.family.registry.Families;
import io.github.t6j.family.t6.T6Config;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.training.files.ModelFiles;
import io.github.t6j.training.presets.Presets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests T6 models whose t6j.json names steps: the engine against a float64 forward pass, and files.
 */
class SteppedModelsTest {
    private static final Map<String, Object> CONFIG = Map.of(
            "n_layer", 2L, "n_embd", 14L, "n_head", 6L, "head_dim", 10L, "rank", 3L, "q_rank", 4L, "vocab_size", 23L,
            "block_size", 200L);

    @TempDir
    Path folder;

    /** Returns models with one step each, and with several; the differentials have 2 groups of 3 heads. */
    static Stream<Map<String, Object>> variants() {
        return Stream.of(
                Map.of("groups", 3L),
                Map.of("shift", true),
                Map.of("qkNorm", true),
                Map.of("scalableSoftmax", true),
                Map.of("scale", "1/d", "softCap", 0.5),
                Map.of("slidingWindow", 5L, "shift", true, "groups", 2L),
                Map.of("gate", "elementwise"),
                Map.of("gate", "headwise", "gateActivation", "silu", "gateOffset", 1.15),
                Map.of("differential", true, "groups", 2L),
                Map.of("variant", "partialrope", "shift", true, "qkNorm", true),
                Map.of(
                        "differential", true, "groups", 2L, "shift", true, "qkNorm", true, "scalableSoftmax", true,
                        "gate", "elementwise", "gateActivation", "silu", "scale", "1/d", "softCap", 2.5));
    }

    static T6Config shape(Map<String, Object> variant, boolean wholeQueries) {
        Map<String, Object> config = new TreeMap<>(CONFIG);
        if (wholeQueries) {
            config.remove("q_rank");
        }
        return new T6Config(
                T6Config.attentionOf(config), config, new VariantJson(new TreeMap<>(variant), "t6j.json"));
    }

    static SmallModels model(Map<String, Object> variant, boolean wholeQueries) {
        ModelConfig config = Families.describe(shape(variant, wholeQueries));
        SmallModels model = SmallModels.random(config, Families.tensors(config), variant.hashCode() + 3L);
        model.weights().forEach((name, values) -> {
            for (int i = 0; name.endsWith("softmax_scaler.weight") && i < values.length; i++) {
                values[i] += 0.6f;
            }
        });
        return model;
    }

    private static Path write(T6Config shape, SmallModels model, Path to) throws IOException {
        Files.createDirectories(to);
        try (TrainableModel trainable = model.trainable(1)) {
            ModelFiles.of(shape.configJson("float32"), shape.variant()).write(to, trainable.tensors());
        }
        return to;
    }

    @ParameterizedTest
    @MethodSource("variants")
    void theEngineMatchesFloat64(Map<String, Object> variant) throws IOException {
        for (boolean wholeQueries : variant.size() > 2 ? new boolean[] {false, true} : new boolean[] {false}) {
            SmallModels model = model(variant, wholeQueries);
            Path files = write(shape(variant, wholeQueries), model, folder.resolve("model" + wholeQueries));
            int[] ids = model.ids(new Random(7), 83); // two pages
            double[][] expected = new Float64Model(model).logits(ids);
            try (Model loaded = Model.load(files)) {
                for (AttentionPath path : AttentionPath.values()) {
                    try (Session session = loaded.newSession(path.of(SessionOptions.defaults()))) {
                        session.prefill(Arrays.copyOf(ids, 69), (position, logits) -> check(
                                variant + " " + path, position, logits, expected));
                        for (int position = 69; position < ids.length; position++) {
                            session.step(ids[position]);
                            check(variant + " " + path, position, session.logits(), expected);
                        }
                    }
                }
            }
        }
    }

    private static void check(String what, int position, float[] logits, double[][] expected) {
        for (int i = 0; i < logits.length; i++) {
            assertThat((double) logits[i]).as("%s: logit %d of position %d", what, i, position)
                    .isCloseTo(expected[position][i], within(2e-4));
        }
    }

    @Test
    void stepsThatContradictTheWeightsAreRefused() throws IOException {
        Map<String, Object> steps = Map.of("shift", true, "gate", "headwise", "groups", 3L);
        SmallModels model = model(steps, false);
        Path files = write(shape(steps, false), model, folder.resolve("model"));
        Files.delete(files.resolve("t6j.json"));
        try (Model loaded = Model.load(files)) { // the tensors show these steps
            assertThat(loaded.info().attention().name()).isEqualTo("T6, 3 key heads, token shift, output gate");
        }
        refuse(files, "{\"shift\": false}", "t6j.json contradicts the weights: it has shift = false");
        refuse(files, "{\"qkNorm\": true}", "t6j.json contradicts the weights: it has qkNorm = true");
        refuse(files, "{\"gate\": \"elementwise\"}", "it has gate = elementwise, expected headwise");
        refuse(files, "{\"groups\": 2}", "it has groups = 2, expected 3");
        refuse(files, "{\"shared_b\": true}", "shared_b: expected no such key");
        refuse(files, "{\"variant\": \"linearattn\"}", "expected softmax attention beside steps, found linearattn");
        refuse(files, "{\"softCap\": -1}", "softCap: expected 0 to 1000000, found -1");
    }

    private static void refuse(Path files, String variant, String message) throws IOException {
        Files.writeString(files.resolve("t6j.json"), variant);
        assertThatThrownBy(() -> Model.load(files).close()).isInstanceOf(ModelFormatException.class)
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "groups", "shift", "norm", "gate", "headgate", "differential", "scaled", "capped", "scale", "window", "steps"
    })
    void presetsHaveAboutTheParametersOfT6(String step) {
        double official = Families.parameters(Families.describe(Presets.of("t6-micro")));
        double found = Families.parameters(Families.describe(Presets.of("t6-" + step + "-micro")));
        assertThat(found).isCloseTo(official, withinPercentage(1));
    }

    @Test
    void aTrainedPresetLoadsAndContinues() {
        TrainingOptions options = TrainingOptions.defaults(3)
                .withBatches(TrainingOptions.Batches.defaults().withSequences(2).withContext(24));
        int[] ids = new Random(1).ints(300, 0, 4000).toArray();
        Path tokenizer = TestData.path("tokenizers/bpe4096");
        Path checkpoint = folder.resolve("checkpoint");
        List<StepResult> straight = new ArrayList<>();
        List<StepResult> broken = new ArrayList<>();
        try (TokenData data = TokenData.of(ids);
                Trainer trainer = Trainer.create("t6-steps-micro", tokenizer, options, 2);
                Trainer other = Trainer.create("t6-steps-micro", tokenizer, options, 1)) {
            trainer.train(data, straight::add);
            other.train(data, step -> broken.add(step) && step.step() < 2);
            other.save(checkpoint);
        }
        try (TokenData data = TokenData.of(ids); Trainer trainer = Trainer.restore(checkpoint, 2)) {
            trainer.train(data, broken::add);
            trainer.save(checkpoint);
        }
        assertThat(broken).isEqualTo(straight).hasSize(3);
        try (Model model = Model.load(checkpoint)) {
            assertThat(model.info().attention().name())
                    .isEqualTo("T6, 2 key heads, differential heads, token shift, norms of queries and keys,"
                            + " scalable softmax, scale 1/d, soft cap 150.0, output gate");
        }
    }

    @Test
    void impossibleGroupsAreRefused() {
        for (Map<String, Object> variant : List.<Map<String, Object>>of(
                Map.of("groups", 4L), Map.of("differential", true), Map.of("differential", true, "groups", 6L))) {
            assertThatThrownBy(() -> shape(variant, false).tensors()).isInstanceOf(ModelFormatException.class)
                    .hasMessageContaining("groups: expected a divisor of n_head 6");
        }
    }
}
