package io.github.t6j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.Model;
import io.github.t6j.ModelFormatException;
import io.github.t6j.RopeVariant;
import io.github.t6j.Session;
import io.github.t6j.TestData;
import io.github.t6j.TestData.GoldenModel;
import io.github.t6j.TestNumbers;
import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.LayerOptions;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.grouped.GroupedFactors;
import io.github.t6j.attention.tpa.TpaConfig;
import io.github.t6j.attention.tpa.forms.Factor;
import io.github.t6j.attention.tpa.forms.HeadActivation;
import io.github.t6j.attention.tpa.forms.TpaForm;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.training.products.Sums;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests a trainable model apart from its derivatives: bits, scaling, errors. */
@Tag("width")
class TrainableModelTest {
    private static SmallModels golden(String name) {
        GoldenModel golden =
                TestData.goldenModels().stream().filter(model -> model.name().equals(name)).findFirst().get();
        return SmallModels.read(golden.weights(), golden.variant());
    }

    private static SmallModels folder(String name) {
        return SmallModels.read(TestData.path(name), null);
    }

    /** One model of each attention, with every kind of parameter. */
    static Stream<SmallModels> models() {
        return Stream.of(
                golden("T6_groupnorm"), golden("T6_kvonly_groupnorm"), golden("T6_linearattn"), golden("llama-gqa"),
                golden("llama-mla_groupnorm"), folder("golden_llama/qwen2-bias"), folder("golden_llama/qwen3-norm"),
                folder("golden_mlra/mla"));
    }

    private static void assertClose(float[] found, double[] expected, double tolerance, String what) {
        double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
        for (int i = 0; i < expected.length; i++) {
            assertThat((double) found[i]).as("%s[%d]", what, i).isCloseTo(expected[i], within(tolerance * largest));
        }
    }

    private static List<float[]> gradients(TrainableModel model) {
        return model.parameters().stream().map(parameter -> parameter.gradient().clone()).toList();
    }

    /** The rows fill several blocks of a sum, and the sequences several parts, whose sizes depend on the threads. */
    @ParameterizedTest
    @MethodSource("models")
    void bitsDoNotDependOnTheNumberOfThreads(SmallModels small) {
        int[] ids = small.ids(new Random(1), 10 * 21);
        int[] targets = small.ids(new Random(2), ids.length);
        double loss = 0;
        List<float[]> expected = null;
        for (int threads = 1; threads <= 3; threads++) {
            try (TrainableModel model = small.trainable(threads)) {
                double found = model.lossAndGradient(ids, targets, 10, 21, 1);
                if (expected == null) {
                    loss = found;
                    expected = gradients(model);
                }
                assertThat(found).isEqualTo(loss);
                List<float[]> gradients = gradients(model);
                for (int i = 0; i < gradients.size(); i++) {
                    assertThat(gradients.get(i)).as(model.parameters().get(i).name()).isEqualTo(expected.get(i));
                }
            }
        }
    }

    /** Buffers that a larger micro-batch has grown and filled, and cleared gradients, have no effect. */
    @ParameterizedTest
    @MethodSource("models")
    void bitsDoNotDependOnEarlierMicroBatches(SmallModels small) {
        int[] ids = small.ids(new Random(3), 2 * 11);
        int[] earlier = small.ids(new Random(4), 4 * 30);
        try (TrainableModel fresh = small.trainable(2); TrainableModel used = small.trainable(2)) {
            used.lossAndGradient(earlier, earlier, 4, 30, 1);
            used.clearGradients();
            double loss = fresh.lossAndGradient(ids, ids, 2, 11, 1);
            assertThat(used.lossAndGradient(ids, ids, 2, 11, 1)).isEqualTo(loss);
            for (int i = 0; i < fresh.parameters().size(); i++) {
                assertThat(used.parameters().get(i).gradient()).isEqualTo(fresh.parameters().get(i).gradient());
            }
        }
    }

    /** One of the sequences has no target. */
    @ParameterizedTest
    @MethodSource("models")
    void theLossOfABatchIsTheMeanOverItsPositions(SmallModels small) {
        int sequences = 7;
        int length = 13;
        Random random = new Random(5);
        int[] ids = small.ids(random, sequences * length);
        int[] targets = small.ids(random, ids.length);
        Arrays.fill(targets, length, 2 * length, -1);
        targets[0] = -1;
        int scored = (sequences - 1) * length - 1;
        try (TrainableModel together = small.trainable(2); TrainableModel single = small.trainable(2)) {
            double loss = together.lossAndGradient(ids, targets, sequences, length, 1);
            double sum = 0;
            for (int sequence = 0; sequence < sequences; sequence++) {
                int[] rowIds = Arrays.copyOfRange(ids, sequence * length, (sequence + 1) * length);
                int[] rowTargets = Arrays.copyOfRange(targets, sequence * length, (sequence + 1) * length);
                int count = (int) Arrays.stream(rowTargets).filter(target -> target >= 0).count();
                double mean = single.lossAndGradient(rowIds, rowTargets, 1, length, (float) count / scored);
                sum += count == 0 ? 0 : mean * count / scored;
            }
            assertThat(loss).isCloseTo(sum, within(1e-6));
            for (int i = 0; i < together.parameters().size(); i++) {
                Parameter parameter = together.parameters().get(i);
                double[] expected = TestNumbers.doubles(single.parameters().get(i).gradient());
                assertClose(parameter.gradient(), expected, 2e-5, parameter.name());
            }
        }
    }

    @Test
    void withoutTargetsTheLossIsNaNAndGradientsStay() {
        SmallModels small = golden("T6_rank1");
        int[] ids = {1, 2, 3};
        int[] none = {-1, -1, -1};
        try (TrainableModel model = small.trainable(1)) {
            assertThat(model.lossAndGradient(ids, none, 1, 3, 1)).isNaN();
            assertThat(model.loss(ids, none, 1, 3)).isNaN();
            assertThat(model.parameters()).allSatisfy(
                    parameter -> assertThat(parameter.gradient()).containsOnly(0f));
        }
    }

    @Test
    void gradientsAreScaledAndAdded() {
        SmallModels small = golden("T6_even");
        int[] ids = small.ids(new Random(6), 20);
        try (TrainableModel once = small.trainable(1); TrainableModel twice = small.trainable(1)) {
            double loss = once.lossAndGradient(ids, ids, 1, 20, 1);
            assertThat(twice.lossAndGradient(ids, ids, 1, 20, 0.25f)).isEqualTo(loss);
            twice.lossAndGradient(ids, ids, 1, 20, 0.75f);
            for (int i = 0; i < once.parameters().size(); i++) {
                double[] expected = TestNumbers.doubles(once.parameters().get(i).gradient());
                assertClose(twice.parameters().get(i).gradient(), expected, 1e-5, once.parameters().get(i).name());
            }
        }
    }

    static Stream<Arguments> folders() {
        Stream<Arguments> golden = TestData.goldenModels().stream()
                .filter(model -> !model.name().matches(".*(sharded|bf16).*"))
                .map(model -> Arguments.of(model.weights(), model.variant()));
        Stream<Arguments> others = Stream.of(
                "golden_mlra/tpa_odd", "golden_mlra/mla", "golden_mlra/gqa", "golden_llama/llama3-gqa",
                "golden_llama/llama-linear-bias", "golden_llama/qwen2-bias", "golden_llama/qwen3-norm",
                "golden_llama/smollm3-nope")
                .map(name -> Arguments.of(TestData.path(name), null));
        return Stream.of(golden, others, Stream.of(Arguments.of(TestData.tiny(), null))).flatMap(all -> all);
    }

    /**
     * The loss is the mean negative log-probability that the inference engine gives the ids of one or two sequences.
     */
    @ParameterizedTest
    @MethodSource("folders")
    void theLossMatchesTheInferenceEngine(Path folder, RopeVariant variant) {
        SmallModels small = SmallModels.read(folder, variant);
        int length = 41;
        int[] ids = small.ids(new Random(7), 2 * length);
        int[] targets = new int[ids.length];
        double[] sum = new double[1];
        try (Model model = Model.load(folder, SmallModels.options(variant))) {
            for (int from = 0; from < ids.length; from += length) {
                int[] row = Arrays.copyOfRange(ids, from, from + length);
                System.arraycopy(SmallModels.shifted(row), 0, targets, from, length);
                try (Session session = model.newSession()) {
                    session.prefill(row, (position, logits) -> {
                        if (position + 1 < length) {
                            sum[0] += minusLogProbability(logits, row[position + 1]);
                        }
                    });
                }
            }
        }
        try (TrainableModel model = small.trainable(2)) {
            assertThat(model.loss(ids, targets, 2, length)).isCloseTo(sum[0] / (2 * length - 2), within(2e-5));
        }
    }

    private static double minusLogProbability(float[] logits, int id) {
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - logits[id]);
        }
        return Math.log(sum);
    }

    static Stream<Arguments> refused() {
        TpaConfig sizes = new TpaConfig(2, 4, 4, 2, 2, 2);
        return Stream.of(
                Arguments.of(new TpaForm(sizes, 0, HeadActivation.LINEAR, false, Set.of(Factor.A_K)), "fixed [a_k]"),
                Arguments.of(new TpaForm(sizes, 0, HeadActivation.LINEAR, true, Set.of()), "a shared B"),
                Arguments.of(new TpaForm(sizes, 2, HeadActivation.LINEAR, false, Set.of()), "third order"),
                Arguments.of(
                        new TpaForm(sizes, 0, HeadActivation.SIGMOID, false, Set.of()), "the activation sigmoid"),
                Arguments.of(new GroupedFactors(2, 4, 1, LayerOptions.NONE), "factors (t6j.json)"));
    }

    @ParameterizedTest
    @MethodSource("refused")
    void unsupportedFormsAreRejectedByName(AttentionConfig attention, String found) {
        ModelConfig config = new ModelConfig(
                "T6", "some", new ModelConfig.Sizes(5, 1, 8, 8, 8), attention,
                new Rope.Config(4, 0f, Rope.Form.OFFICIAL), new ModelConfig.Norms(1e-6f, false), List.of());
        assertThatThrownBy(() -> TrainableModel.of(config, List.of(), 1)).isInstanceOf(ModelFormatException.class)
                .hasMessageStartingWith("training: ")
                .hasMessageContaining("found " + found + ": t6j can run this model, but cannot train it yet");
    }

    @ParameterizedTest
    @ValueSource(strings = {"gla_2, GLA-2", "gla_4, GLA-4", "mlra_2, MLRA-2", "mlra_4, MLRA-4", "gta, GTA", "mfa, MFA"})
    void unsupportedAttentionsOfMlraAreRejectedByName(String line) {
        SmallModels small = folder("golden_mlra/" + line.split(", ")[0]);
        assertThatThrownBy(() -> small.trainable(1)).isInstanceOf(ModelFormatException.class)
                .hasMessage("training: attention: expected TPA, MHA, GQA, MQA or MLA, found " + line.split(", ")[1]
                        + ": t6j can run this model, but cannot train it yet");
    }

    @Test
    void yarnIsRejectedByName() {
        SmallModels small = folder("golden_llama/llama-yarn");
        assertThatThrownBy(() -> small.trainable(1)).isInstanceOf(ModelFormatException.class)
                .hasMessageStartingWith("training: RoPE: expected no scaling, found yarn");
    }

    @Test
    void theDefaultContextIsTheWindow() {
        try (Trainer trainer =
                Trainer.from(Trainer.Base.of(TestData.path("golden_llama/mistral-window")), TrainingOptions.defaults(1),
                        1)) {
            assertThat(trainer.options().batches().context()).isEqualTo(12);
        }
    }

    @Test
    void invalidMicroBatchesAreRejected() {
        SmallModels small = golden("T6_rank1");
        try (TrainableModel model = small.trainable(1)) {
            assertRefused(model, new int[] {1, 97}, new int[2], 1, 2, "ids[1]: expected 0 to 96, found 97");
            assertRefused(model, new int[] {-1, 0}, new int[2], 1, 2, "ids[0]: expected 0 to 96, found -1");
            assertRefused(model, new int[2], new int[] {0, -2}, 1, 2, "targets[1]: expected -1 to 96, found -2");
            assertRefused(model, new int[3], new int[4], 2, 2,
                    "expected 2 · 2 ids and the same number of targets, found 3 and 4");
            assertRefused(model, new int[0], new int[0], 0, 2,
                    "expected 1 sequence or more of 1 id or more, found 0 of 2");
        }
    }

    private static void assertRefused(
            TrainableModel model, int[] ids, int[] targets, int sequences, int length, String message) {
        assertThatThrownBy(() -> model.lossAndGradient(ids, targets, sequences, length, 1))
                .isInstanceOf(IllegalArgumentException.class).hasMessage("micro-batch: " + message);
    }

    /** The values of a parameter are the model's array, not a copy. */
    @Test
    void aChangedParameterChangesTheLoss() {
        SmallModels small = golden("T6_rank1");
        int[] ids = small.ids(new Random(8), 9);
        try (TrainableModel model = small.trainable(1)) {
            double before = model.lossAndGradient(ids, ids, 1, 9, 1);
            for (Parameter parameter : model.parameters()) {
                for (int i = 0; i < parameter.value().length; i++) {
                    parameter.value()[i] -= 1e-3f * parameter.gradient()[i];
                }
            }
            double squares = model.parameters().stream()
                    .mapToDouble(parameter -> Sums.dot(parameter.gradient(), 0, parameter.gradient(), 0,
                            parameter.gradient().length))
                    .sum();
            double change = model.loss(ids, ids, 1, 9) - before;
            assertThat(change).isCloseTo(-1e-3 * squares, within(0.2e-3 * squares));
        }
    }
}
