package io.github.t6j.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.TestNumbers;
import io.github.t6j.attention.AttentionPath;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Models of every attention, with matrices of more than three panels and prompts of two passes and three pages: logits
 * and greedy tokens match a forward pass in double that shares no code with the engine's.
 */
class WideModelsTest {
    /** Tolerance of logits beside float64. */
    private static final double TOLERANCE = 2e-4;

    /** Between the paths factored and materialized. */
    private static final double BETWEEN_PATHS = 1e-4;

    private static final long SEED = 28;
    private static final int PROMPT = 139;
    private static final int GENERATED = 7;

    @TempDir
    java.nio.file.Path folder;

    /** Models of {@code mvn verify}: one of each kind of page. */
    private static final Set<String> FEW = Set.of("T6 full", "T6 KV-only full", "GQA full", "MLA full", "MLRA gta");

    static List<WideModel> models() {
        return WideModel.all();
    }

    static List<WideModel> few() {
        return models().stream().filter(model -> FEW.contains(model.toString())).toList();
    }

    static List<WideModel> others() {
        return models().stream().filter(model -> !FEW.contains(model.toString())).toList();
    }

    @ParameterizedTest
    @MethodSource("few")
    void logitsAndGreedyTokensAreThoseOfTheReference(WideModel wide) throws IOException {
        compare(wide);
    }

    @Tag("full")
    @ParameterizedTest
    @MethodSource("others")
    void logitsAndGreedyTokensOfOtherModelsAreThoseOfTheReference(WideModel wide) throws IOException {
        compare(wide);
    }

    private void compare(WideModel wide) throws IOException {
        Weights weights = wide.weights(SEED);
        wide.write(weights, folder);
        int[] prompt = new Random(SEED).ints(PROMPT, 0, WideModel.VOCABULARY).toArray();
        ModelOptions options = ModelOptions.defaults().withThreads(2).withVariant(wide.variant());
        try (Model model = Model.load(folder, options)) {
            float[][] whole = new float[PROMPT + GENERATED][];
            int[] ids = continued(model, AttentionPath.FACTORED, prompt, whole);
            double[][] exact = wide.reference().apply(weights).logits(ids);
            check("prefill", whole, exact, TOLERANCE);
            for (int position = PROMPT - 1; position + 1 < ids.length; position++) {
                assertThat(ids[position + 1]).as("seed " + SEED + ", greedy token after position " + position)
                        .isEqualTo(best(exact[position]));
            }
            float[][] materialized = new float[PROMPT + GENERATED][];
            assertThat(continued(model, AttentionPath.MATERIALIZED, prompt, materialized)).isEqualTo(ids);
            check("materialized", materialized, exact, TOLERANCE);
            check("materialized beside factored", materialized, doubles(whole), BETWEEN_PATHS);
            check("steps", steps(model, ids), exact, TOLERANCE);
        }
    }

    /** Feeds the prompt at once, then the most likely ids. @return all ids; {@code logits} gets those after each */
    private static int[] continued(Model model, AttentionPath path, int[] prompt, float[][] logits) {
        int[] ids = Arrays.copyOf(prompt, logits.length);
        try (Session session = model.newSession(path.of(SessionOptions.defaults()))) {
            session.prefill(prompt, (position, found) -> logits[position] = found.clone());
            for (int position = prompt.length; position < ids.length; position++) {
                ids[position] = best(doubles(logits)[position - 1]);
                session.step(ids[position]);
                logits[position] = session.logits().clone();
            }
        }
        return ids;
    }

    private static float[][] steps(Model model, int[] ids) {
        float[][] logits = new float[ids.length][];
        try (Session session = model.newSession()) {
            for (int position = 0; position < ids.length; position++) {
                session.step(ids[position]);
                logits[position] = session.logits().clone();
            }
        }
        return logits;
    }

    private static void check(String what, float[][] found, double[][] expected, double tolerance) {
        for (int position = 0; position < found.length; position++) {
            double largest = 0;
            for (int id = 0; id < found[position].length; id++) {
                double difference = Math.abs(found[position][id] - expected[position][id]);
                largest = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : Math.max(largest, difference);
            }
            assertThat(largest).as("seed " + SEED + ", " + what + ", position " + position).isLessThan(tolerance);
        }
    }

    private static double[][] doubles(float[][] floats) {
        double[][] doubles = new double[floats.length][];
        for (int t = 0; t < floats.length; t++) {
            doubles[t] = floats[t] == null ? null : TestNumbers.doubles(floats[t]);
        }
        return doubles;
    }

    private static int best(double[] logits) {
        int best = 0;
        for (int id = 1; id < logits.length; id++) {
            best = logits[id] > logits[best] ? id : best;
        }
        return best;
    }

    /** Test of the test above: it would fail if the last row of any tensor were wrong. */
    @Tag("full")
    @ParameterizedTest
    @MethodSource("models")
    void theLastRowOfEveryTensorMatters(WideModel wide) {
        Weights weights = wide.weights(SEED);
        Reference reference = wide.reference().apply(weights);
        int[] ids = {5, 3, WideModel.VOCABULARY - 1, 7};
        double[][] expected = reference.logits(ids);
        for (String name : weights.names()) {
            double[] elements = weights.get(name);
            double[] before = elements.clone();
            for (int i = elements.length - lastRow(name, wide.shapes().get(name)); i < elements.length; i++) {
                elements[i] *= 2;
            }
            double[][] changed = reference.logits(ids);
            double largest = 0;
            for (int t = 0; t < ids.length; t++) {
                for (int id = 0; id < WideModel.VOCABULARY; id++) {
                    largest = Math.max(largest, Math.abs(changed[t][id] - expected[t][id]));
                }
            }
            assertThat(largest).as("seed " + SEED + ", " + name).isGreaterThan(TOLERANCE);
            System.arraycopy(before, 0, elements, 0, elements.length);
        }
    }

    /**
     * Elements of the last row; all of a bias, since RoPE hardly turns its last, and softmax does not see one unturned.
     */
    private static int lastRow(String name, List<Long> shape) {
        return shape.size() == 1 && !name.endsWith(".bias") ? 1 : shape.getLast().intValue();
    }
}
