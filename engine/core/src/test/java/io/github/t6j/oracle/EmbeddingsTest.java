package io.github.t6j.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.Embedder;
import io.github.t6j.Embedding;
import io.github.t6j.EmbeddingOptions;
import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.Pooling;
import io.github.t6j.Prompt;
import io.github.t6j.RopeVariant;
import io.github.t6j.TestData;
import io.github.t6j.weights.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Embeddings and hidden states of models of every attention, compared with a forward pass in double that shares nothing
 * with the engine: texts of one token to two passes and three pages, alone and in a batch with others.
 */
class EmbeddingsTest {
    /** Largest difference over the largest element. */
    private static final double TOLERANCE = 1e-5;

    private static final long SEED = 29;
    /** Lengths of texts; those at even indices begin like the first, those at odd ones like the second. */
    private static final int[] LENGTHS = {139, 131, 1, 67, 64, 2, 129, 128, 65, 1};

    @TempDir
    Path folder;

    /** Models of every attention, also linear; of other forms of RoPE, none: they do not differ after attention. */
    static List<WideModel> models() {
        return WideModel.all().stream().filter(wide -> wide.variant() == null || wide.variant() == RopeVariant.FULL
                || wide.variant() == RopeVariant.LINEARATTN).toList();
    }

    @Tag("full")
    @ParameterizedTest
    @MethodSource("models")
    void hiddenStatesAndEmbeddingsAreThoseOfTheReference(WideModel wide) throws IOException {
        Weights weights = wide.weights(SEED);
        wide.write(weights, folder);
        Random random = new Random(SEED);
        int[][] ids = {
            random.ints(LENGTHS[0], 0, WideModel.VOCABULARY).toArray(),
            random.ints(LENGTHS[1], 0, WideModel.VOCABULARY).toArray()};
        Reference reference = wide.reference().apply(weights);
        try (Model model = Model.load(folder, ModelOptions.defaults().withThreads(2).withVariant(wide.variant()))) {
            int layers = model.info().sizes().layers();
            for (int layer = 0; layer <= layers; layer++) {
                double[][] first = reference.hiddenStates(layer, ids[0]);
                double[][] second = reference.hiddenStates(layer, ids[1]);
                float[][] found = model.hiddenStates(Prompt.of(ids[0]), layer);
                for (int position = 0; position < first.length; position++) {
                    check("layer " + layer + ", position " + position, found[position], first[position]);
                }
                for (Pooling pooling : layer == layers ? Pooling.values() : new Pooling[] {Pooling.MEAN}) {
                    EmbeddingOptions options = EmbeddingOptions.defaults().withLayer(layer).withPooling(pooling);
                    check(model, options, ids, new double[][][] {first, second});
                }
            }
        }
    }

    /** Compares embeddings, normalised or not, with the reference, and those of texts alone with those of a batch. */
    private static void check(Model model, EmbeddingOptions options, int[][] ids, double[][][] states) {
        List<Prompt> prompts = new ArrayList<>();
        for (int i = 0; i < LENGTHS.length; i++) {
            prompts.add(Prompt.of(Arrays.copyOf(ids[i % 2], LENGTHS[i])));
        }
        Embedder embedder = new Embedder(model, options.withNormalized(true));
        List<Embedding> normalized = embedder.embed(prompts);
        List<Embedding> raw = new Embedder(model, options.withNormalized(false)).embed(prompts);
        for (int i = 0; i < LENGTHS.length; i++) {
            String what = options + ", text " + i + " of " + LENGTHS[i] + " ids";
            check(what, normalized.get(i).vector(), pooled(states[i % 2], LENGTHS[i], options.pooling(), true));
            check(what, raw.get(i).vector(), pooled(states[i % 2], LENGTHS[i], options.pooling(), false));
            assertThat(raw.get(i).tokens()).isEqualTo(LENGTHS[i]);
            assertThat(embedder.embed(prompts.get(i)).vector()).as("alone, " + what)
                    .isEqualTo(normalized.get(i).vector());
        }
    }

    /** Mean of the states, the last, or the first, of the first {@code length}. */
    private static double[] pooled(double[][] states, int length, Pooling pooling, boolean normalized) {
        double[] pooled = new double[states[0].length];
        double squares = 0;
        for (int i = 0; i < pooled.length; i++) {
            int column = i;
            pooled[i] = switch (pooling) {
                case MEAN -> Arrays.stream(states, 0, length).mapToDouble(row -> row[column]).sum() / length;
                case LAST -> states[length - 1][i];
                case CLS -> states[0][i];
            };
            squares += pooled[i] * pooled[i];
        }
        for (int i = 0; normalized && i < pooled.length; i++) {
            pooled[i] /= Math.sqrt(squares);
        }
        return pooled;
    }

    private static void check(String what, float[] found, double[] expected) {
        assertThat(found.length).as(what).isEqualTo(expected.length);
        assertThat(difference(found, expected)).as("seed " + SEED + ", " + what).isLessThanOrEqualTo(TOLERANCE);
    }

    /** Largest difference over the largest element. */
    private static double difference(float[] found, double[] expected) {
        double largest = 0;
        double most = 0;
        for (int i = 0; i < found.length; i++) {
            double difference = Math.abs(found[i] - expected[i]);
            largest = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : Math.max(largest, difference);
            most = Math.max(most, Math.abs(expected[i]));
        }
        return largest / most;
    }

    /**
     * Weights of 8 bits, and of f16 where a row has no whole blocks. Products round their inputs to 8 bits, sooner or
     * later to another side in float than in double, which every later position sees; embeddings of texts up to there
     * agree.
     *
     * @param leading positions that agree
     * @param whole tolerance of the mean of 131 positions
     */
    @ParameterizedTest
    @CsvSource({"llama-wide, 4, 0.02", "llama-wide16, 131, 1e-5", "llama-wide32, 3, 0.02", "qwen3-wide, 10, 0.02"})
    void embeddingsOfQuantizedWeightsAreThoseOfTheReference(String name, int leading, double whole) {
        Path file = TestData.path("golden_wide/gguf-" + name + "-q8_0/model-q8_0.gguf");
        int[] ids = TestData.ints(TestData.json("golden_wide/" + name + "/greedy.json").get("prompt"));
        LlamaReference reference = LlamaGguf.reference(file, TestData.json("golden_wide/" + name + "/config.json"));
        try (Model model = Model.load(file, ModelOptions.defaults().withThreads(2))) {
            double[][] states = reference.hiddenStates(
                    model.info().sizes().layers(), ids, new ProductRounding(file, false));
            for (Pooling pooling : Pooling.values()) {
                List<Embedding> found = new Embedder(model, EmbeddingOptions.defaults().withPooling(pooling))
                        .embed(List.of(Prompt.of(Arrays.copyOf(ids, leading)), Prompt.of(ids)));
                check(name + " " + pooling, found.getFirst().vector(), pooled(states, leading, pooling, true));
                assertThat(difference(found.getLast().vector(), pooled(states, ids.length, pooling, true)))
                        .as(name + " " + pooling).isLessThanOrEqualTo(pooling == Pooling.LAST ? 10 * whole : whole);
            }
        }
    }

    /**
     * Each quantised type, as above.
     *
     * @param leading positions that agree
     */
    @ParameterizedTest
    @CsvSource({"Q8_0, 6", "Q6_K, 1", "Q5_K, 6", "Q4_K, 6", "Q4_0, 6"})
    void embeddingsOfEachQuantizedTypeAreThoseOfTheReference(DType type, int leading) throws IOException {
        WideModel wide = WideModel.ofWholeBlocks();
        Weights weights = wide.weights(SEED);
        wide.write(weights, type, folder);
        int[] ids = new Random(SEED).ints(LENGTHS[0], 0, WideModel.VOCABULARY).toArray();
        try (Model model = Model.load(folder, ModelOptions.defaults().withThreads(2))) {
            double[][] states = ((LlamaReference) wide.reference().apply(weights)).hiddenStates(
                    model.info().sizes().layers(), ids,
                    (rows, matrix) -> wide.isWhole(matrix) ? ProductRounding.rounded(rows, false) : rows);
            for (Pooling pooling : Pooling.values()) {
                Embedder embedder = new Embedder(model, EmbeddingOptions.defaults().withPooling(pooling));
                List<Embedding> found = embedder.embed(
                        List.of(Prompt.of(Arrays.copyOf(ids, leading)), Prompt.of(ids), Prompt.of(ids[0])));
                check(type + " " + pooling, found.get(0).vector(), pooled(states, leading, pooling, true));
                check(type + " " + pooling, found.get(2).vector(), pooled(states, 1, pooling, true));
                assertThat(difference(found.get(1).vector(), pooled(states, ids.length, pooling, true)))
                        .as(type + " " + pooling).isLessThanOrEqualTo(0.02);
                assertThat(embedder.embed(Prompt.of(ids)).vector()).isEqualTo(found.get(1).vector());
            }
        }
    }
}
