package io.github.t6j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.TestData;
import io.github.t6j.json.Json;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares thirty steps with AdamW on the official classes in float64: losses, norms, rates and final weights. */
class TrajectoriesTest {
    private static final Map<String, Object> GOLDEN = TestData.json("golden_training/trajectories.json");
    private static final Map<String, Object> HYPER = Json.object(GOLDEN.get("hyper"), "hyper");
    private static final List<Object> RUNS = Json.array(GOLDEN.get("runs"), "runs");
    private static final int SEQUENCES = number(HYPER, "sequences_per_micro_batch").intValue();
    private static final int CONTEXT = number(HYPER, "tokens_per_sequence").intValue();
    private static final int MICRO_BATCHES = number(HYPER, "micro_batches").intValue();

    static IntStream runs() {
        return IntStream.range(0, RUNS.size());
    }

    private static Number number(Map<String, Object> object, String key) {
        return (Number) object.get(key);
    }

    /** Tolerance of f32 values; the rounding noise grows during the longer runs. */
    private static double tolerance(String name) {
        return switch (name) {
            case "T6_rank1" -> 3e-5;
            case "T6_even", "T6_kvonly" -> 1e-3;
            default -> 1e-5;
        };
    }

    private static TrainingOptions options(Map<String, Object> run) {
        LearningRate rate = new LearningRate(
                number(HYPER, "learning_rate").doubleValue(), number(HYPER, "min_lr").doubleValue(),
                number(HYPER, "warmup_iters").longValue(), number(HYPER, "lr_decay_iters").longValue() + 1);
        TrainingOptions.Optimizer optimizer = TrainingOptions.Optimizer.defaults()
                .withBeta1(number(HYPER, "beta1").doubleValue()).withBeta2(number(HYPER, "beta2").doubleValue())
                .withEpsilon(number(HYPER, "eps").doubleValue())
                .withDecay(number(HYPER, "weight_decay").doubleValue()).withDecaysVectors(true)
                .withClip(number(run, "grad_clip").doubleValue());
        boolean sum = "sum".equals(run.get("gradients_of_micro_batches"));
        return TrainingOptions.defaults(rate.updates()).withRate(rate).withOptimizer(optimizer)
                .withInitialization(Initialization.OFFICIAL)
                .withBatches(TrainingOptions.Batches.defaults().withSequences(SEQUENCES).withContext(CONTEXT)
                        .withAccumulation(MICRO_BATCHES).withAdds(sum));
    }

    @ParameterizedTest
    @MethodSource("runs")
    void trajectoriesMatchTheOfficialCode(int index) {
        Map<String, Object> run = Json.object(RUNS.get(index), "run");
        String name = (String) run.get("case");
        TestData.GoldenModel model =
                TestData.goldenModels().stream().filter(entry -> entry.name().equals(name)).findFirst()
                        .orElseThrow();
        double tolerance = tolerance(name);
        Trainer.Base base =
                new Trainer.Base(model.weights(), Optional.ofNullable(model.variant()), Optional.empty());
        try (Trainer trainer = Trainer.from(base, options(run), 2)) {
            for (Object entry : Json.array(run.get("steps"), "steps")) {
                Map<String, Object> step = Json.object(entry, "step");
                int batch = number(step, "batch").intValue();
                StepResult result = trainer.step(batch(run, "input_ids", batch), batch(run, "targets", batch));
                String where = name + " step " + result.step();
                double norm = number(step, "gradient_norm").doubleValue();
                assertThat(result.step()).isEqualTo(number(step, "it").longValue() + 1);
                assertThat(result.loss()).as(where)
                        .isCloseTo(number(step, "loss").doubleValue(), within(tolerance));
                assertThat(result.gradientNorm()).as(where).isCloseTo(norm, within(5e-3 * norm));
                assertThat(result.learningRate()).as(where)
                        .isCloseTo(number(step, "lr").doubleValue(), within(1e-15));
            }
            String key = name + "/" + run.get("gradients_of_micro_batches") + "/clip"
                    + number(run, "grad_clip").intValue() + "/";
            for (Object kept : Json.array(run.get("kept"), "kept")) {
                check(trainer, (String) kept, TestData.doubles("golden_training/trajectories.safetensors", key + kept),
                        name.equals("T6_rank1") ? 5e-6 : tolerance);
            }
        }
    }

    private static void check(Trainer trainer, String name, double[] expected, double tolerance) {
        float[] found =
                trainer.parameters().stream().filter(entry -> entry.name().equals(name)).findFirst().orElseThrow()
                        .value();
        assertThat(found).hasSameSizeAs(expected);
        for (int i = 0; i < expected.length; i++) {
            assertThat((double) found[i]).as("%s, %d", name, i).isCloseTo(expected[i], within(tolerance));
        }
    }

    /** Returns the ids of one batch, [micro-batch][sequence][position], flat. */
    private static int[] batch(Map<String, Object> run, String key, int batch) {
        int[] flat = new int[MICRO_BATCHES * SEQUENCES * CONTEXT];
        int at = 0;
        for (Object micro : Json.array(Json.array(run.get(key), key).get(batch), key)) {
            for (Object sequence : Json.array(micro, key)) {
                for (int id : TestData.ints(sequence)) {
                    flat[at++] = id;
                }
            }
        }
        return flat;
    }
}
