package io.github.t6j.family.olala;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.Embedder;
import io.github.t6j.EmbeddingOptions;
import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.Pooling;
import io.github.t6j.Prompt;
import io.github.t6j.Session;
import io.github.t6j.TestData;
import io.github.t6j.TestNumbers;
import io.github.t6j.family.NewModel;
import io.github.t6j.json.Json;
import io.github.t6j.model.TensorSpec;
import io.github.t6j.oracle.OlalaReference;
import io.github.t6j.oracle.Weights;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.safetensors.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares Olala models with a forward in float64, which is compared with the original first. */
@Tag("width")
class OlalaReferenceTest {
    /** A small model whose matrices have whole blocks of K-quants where 7A1B has them. */
    private static final NewModel SMALL = OlalaPreset.nano().with(Map.of(
            "hidden_size", 256L, "head_dim", 128L, "moe_routed_intermediate_size", 256L,
            "moe_shared_intermediate_size", 256L));
    private static final long SEED = 7;

    @TempDir
    Path folder;

    static List<String> cases() throws IOException {
        return OlalaFamilyTest.cases();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void theReferenceHasTheLogitsOfTheOriginal(String name) {
        Map<String, Object> json = TestData.json("golden_olala/" + name + "/case.json");
        int[] ids = TestData.ints(Json.object(json.get("prompt"), "prompt").get("input_ids"));
        double[][] found = reference(TestData.path("golden_olala/" + name)).logits(ids);
        double[] expected = TestData.doubles("golden_olala/" + name + "/logits_f64.safetensors", "logits");
        assertThat(expected).hasSize(found.length * found[0].length);
        for (int i = 0; i < expected.length; i++) {
            int width = found[0].length;
            assertThat(found[i / width][i % width]).as("logit " + i % width + " of position " + i / width)
                    .isCloseTo(expected[i], within(1e-11));
        }
    }

    @Test
    void embeddingsAreMeansOfTheStates() {
        Path golden = TestData.path("golden_olala/full-mmmmv");
        int[] ids = new Random(SEED).ints(97, 0, 101).toArray();
        double[][] states = reference(golden).states(ids);
        double[] mean = new double[states[0].length];
        for (double[] state : states) {
            Arrays.setAll(mean, i -> mean[i] + state[i] / ids.length);
        }
        try (Model model = Model.load(golden, ModelOptions.defaults().withThreads(2))) {
            EmbeddingOptions options = EmbeddingOptions.defaults().withPooling(Pooling.MEAN).withNormalized(false);
            float[] found = new Embedder(model, options).embed(Prompt.of(ids)).vector();
            for (int i = 0; i < mean.length; i++) {
                assertThat((double) found[i]).as("element " + i).isCloseTo(mean[i], within(1e-4));
            }
        }
    }

    private static OlalaReference reference(Path model) {
        return new OlalaReference(Weights.read(model), TestData.json(model.resolve("config.json")));
    }

    /** Rounded weights and activations together differ little more from exact weights than rounded weights do. */
    @ParameterizedTest
    @EnumSource(value = DType.class, names = {"Q8_0", "Q6_K", "Q5_K", "Q4_K", "Q4_0"})
    void productsAddLittleToTheErrorOfTheirWeights(DType type) throws IOException {
        int[] ids = new Random(SEED).ints(31, 0, 4096).toArray();
        double[][] exact = reference(write("exact", DType.F32)).logits(ids);
        Path rounded = write("rounded", type);
        double ofWeights = difference(reference(rounded).logits(ids), exact);
        double[][] found = new double[ids.length][];
        try (Model model = Model.load(rounded, ModelOptions.defaults().withThreads(2));
                Session session = model.newSession()) {
            session.prefill(ids, (position, logits) -> found[position] = TestNumbers.doubles(logits));
        }
        assertThat(difference(found, exact)).as(type + " from seed " + SEED).isBetween(ofWeights / 2, 1.5 * ofWeights);
    }

    private Path write(String name, DType type) throws IOException {
        Path model = Files.createDirectory(folder.resolve(name));
        Files.writeString(model.resolve("config.json"), Json.write(SMALL.configJson("float32")));
        Random random = new Random(SEED);
        List<Tensor> tensors = new ArrayList<>();
        for (TensorSpec spec : SMALL.tensors()) {
            long[] shape = spec.shape().stream().mapToLong(Long::longValue).toArray();
            boolean isMatrix = shape.length == 2;
            double deviation = isMatrix ? 1 / Math.sqrt(shape[1]) : 0.3;
            float[] elements = TestNumbers.normal(random, Math.toIntExact(spec.elements()), deviation);
            DType stored = isMatrix ? SMALL.storedType(spec, type) : DType.F32;
            tensors.add(Tensor.of(spec.name(), stored, elements, shape));
        }
        Safetensors.write(model.resolve("model.safetensors"), Map.of(), tensors);
        return model;
    }

    /** Root mean square of the differences. */
    private static double difference(double[][] found, double[][] expected) {
        double squares = 0;
        for (int t = 0; t < found.length; t++) {
            for (int id = 0; id < found[t].length; id++) {
                squares += Math.pow(found[t][id] - expected[t][id], 2);
            }
        }
        return Math.sqrt(squares / found.length / found[0].length);
    }
}
