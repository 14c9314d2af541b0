package io.github.t6j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.Model;
import io.github.t6j.ModelFormatException;
import io.github.t6j.ModelOptions;
import io.github.t6j.RopeVariant;
import io.github.t6j.Session;
import io.github.t6j.TestData;
import io.github.t6j.TestNumbers;
import io.github.t6j.WeightType;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.checkpoint.Checkpoint;
import io.github.t6j.weights.safetensors.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs that train adapters: their steps, their files, and the models with them. */
class AdapterTrainerTest {
    private static final String QWEN = "golden_llama/qwen3-norm";
    private static final int SEQUENCES = 3;
    private static final int CONTEXT = 23;
    private static final int STEPS = 8;
    private static final int RANK = 3;
    private static final double ALPHA = 5;
    private static final double RATE = 5e-3;

    @TempDir
    private Path folder;

    private static TrainingOptions options() {
        return TrainingOptions.defaults(STEPS).withRate(new LearningRate(RATE, RATE, 1, STEPS)).withSeed(5)
                .withBatches(TrainingOptions.Batches.defaults().withSequences(SEQUENCES).withContext(CONTEXT));
    }

    private static Trainer adapt(Path base, int threads) {
        return Trainer.adapt(Trainer.Base.of(base), new LoraOptions(RANK, ALPHA), options(), threads);
    }

    @Test
    void optionsOfTheBaseAreUsed() {
        Path model = TestData.path(QWEN);
        Trainer.Base base = Trainer.Base.of(model);
        assertThat(base.withVariant(RopeVariant.FULL).withTokenizer(model))
                .isEqualTo(new Trainer.Base(model, Optional.of(RopeVariant.FULL), Optional.of(model)));
        Path missing = folder.resolve("missing");
        assertThatThrownBy(() -> Trainer.adapt(base.withTokenizer(missing), LoraOptions.of(1), options(), 1))
                .hasMessageContaining("missing");
    }

    private static int[] ids(int step) {
        return new Random(step).ints(SEQUENCES * CONTEXT, 0, 90).toArray();
    }

    private static StepResult step(Trainer trainer) {
        int[] ids = ids((int) trainer.steps());
        return trainer.step(ids, SmallModels.shifted(ids));
    }

    private static List<float[]> values(Trainer trainer) {
        return trainer.parameters().stream().map(parameter -> parameter.value().clone()).toList();
    }

    /** Steps of AdamW in double on A and B, with gradients by the chain rule from the merged weights' gradients. */
    private static final class Reference implements AutoCloseable {
        private final TrainableModel model;
        private final Map<String, float[]> base = new HashMap<>();
        private final Map<String, double[]> values = new HashMap<>();
        private final Map<String, double[]> gradients = new HashMap<>();
        private final Map<String, double[]> means = new HashMap<>();
        private final Map<String, double[]> squares = new HashMap<>();

        Reference(Path path, Trainer start) {
            model = TrainableModel.load(path, null, 2);
            model.parameters().forEach(parameter -> base.put(parameter.name(), parameter.value().clone()));
            for (Parameter parameter : start.parameters()) {
                values.put(parameter.name(), TestNumbers.doubles(parameter.value()));
                means.put(parameter.name(), new double[parameter.value().length]);
                squares.put(parameter.name(), new double[parameter.value().length]);
            }
        }

        double step(int[] ids, int[] targets, int update, double rate) {
            for (Parameter matrix : model.parameters()) {
                merge(matrix);
            }
            model.clearGradients();
            double loss = model.lossAndGradient(ids, targets, SEQUENCES, CONTEXT, 1);
            model.parameters().forEach(this::differentiate);
            double norm = Math.sqrt(gradients.values().stream().flatMapToDouble(Arrays::stream).map(g -> g * g).sum());
            double factor = Math.min(1, 1 / (norm + 1e-6));
            gradients.forEach((name, gradient) -> {
                double[] value = values.get(name);
                double[] mean = means.get(name);
                double[] square = squares.get(name);
                for (int i = 0; i < value.length; i++) {
                    double g = factor * gradient[i];
                    mean[i] = 0.9 * mean[i] + 0.1 * g;
                    square[i] = 0.95 * square[i] + 0.05 * g * g;
                    value[i] -= rate * 0.1 * value[i] + rate * (mean[i] / (1 - Math.pow(0.9, update)))
                            / (Math.sqrt(square[i] / (1 - Math.pow(0.95, update))) + 1e-8);
                }
            });
            return loss;
        }

        private static String factor(Parameter matrix, String which) {
            return "base_model.model." + matrix.name().replaceFirst("weight$", "lora_" + which + ".weight");
        }

        private void merge(Parameter matrix) {
            double[] a = values.get(factor(matrix, "A"));
            double[] b = values.get(factor(matrix, "B"));
            float[] w = base.get(matrix.name());
            if (a == null) {
                return;
            }
            int inputs = a.length / RANK;
            for (int i = 0; i < w.length; i++) {
                double sum = 0;
                for (int k = 0; k < RANK; k++) {
                    sum += b[i / inputs * RANK + k] * a[k * inputs + i % inputs];
                }
                matrix.value()[i] = (float) (w[i] + ALPHA / RANK * sum);
            }
        }

        /** dA = s Bᵀ dW, dB = s dW Aᵀ. */
        private void differentiate(Parameter matrix) {
            double[] a = values.get(factor(matrix, "A"));
            double[] b = values.get(factor(matrix, "B"));
            if (a == null) {
                return;
            }
            int inputs = a.length / RANK;
            double[] da = new double[a.length];
            double[] db = new double[b.length];
            for (int i = 0; i < matrix.gradient().length; i++) {
                double dw = ALPHA / RANK * matrix.gradient()[i];
                for (int k = 0; k < RANK; k++) {
                    da[k * inputs + i % inputs] += b[i / inputs * RANK + k] * dw;
                    db[i / inputs * RANK + k] += dw * a[k * inputs + i % inputs];
                }
            }
            gradients.put(factor(matrix, "A"), da);
            gradients.put(factor(matrix, "B"), db);
        }

        @Override
        public void close() {
            model.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {QWEN, "golden_llama/qwen2-bias", "golden_mlra/tpa_even", "golden_mlra/mla"})
    void stepsMatchAReferenceInDouble(String name) {
        Path base = TestData.path(name);
        try (Trainer trainer = adapt(base, 2); Reference reference = new Reference(base, trainer)) {
            double first = 0;
            double last = 0;
            for (int update = 1; update <= STEPS; update++) {
                int[] ids = ids(0); // the same in each step, so that the loss falls
                StepResult result = trainer.step(ids, SmallModels.shifted(ids));
                double rate = update == 1 ? 0 : RATE;
                last = reference.step(ids, SmallModels.shifted(ids), update, rate);
                first = update == 1 ? last : first;
                assertThat(result.learningRate()).isEqualTo(rate);
                assertThat(result.loss()).as("%s, step %d", name, update).isCloseTo(last, within(2e-5));
            }
            assertThat(last).isLessThan(first - 0.05);
            for (Parameter parameter : trainer.parameters()) {
                double[] expected = reference.values.get(parameter.name());
                double squares = 0;
                for (int i = 0; i < expected.length; i++) {
                    squares += Math.pow(parameter.value()[i] - expected[i], 2);
                }
                assertThat(Math.sqrt(squares / expected.length)).as("%s: %s", name, parameter.name())
                        .isLessThan(1e-3 * RATE * STEPS);
            }
        }
    }

    /** A is uniform in ±1/√inputs, B is 0: the model with the adapter is the base, bit by bit. */
    @ParameterizedTest
    @ValueSource(strings = {QWEN, "models/t6-tiny", "golden_llama/llama-bf16"})
    void aNewAdapterChangesNothing(String name) {
        Path base = TestData.path(name);
        int[] ids = new Random(1).ints(SEQUENCES * CONTEXT, 0, 90).toArray();
        try (Trainer trainer = adapt(base, 2); TrainableModel whole = TrainableModel.load(base, null, 2)) {
            assertThat(trainer.step(ids, ids).loss()).isEqualTo(whole.loss(ids, ids, SEQUENCES, CONTEXT));
        }
        try (Trainer trainer = adapt(base, 1)) {
            for (Parameter parameter : trainer.parameters()) {
                double bound = 1 / Math.sqrt(parameter.shape().getLast());
                double max = 0;
                for (float value : parameter.value()) {
                    max = Math.max(max, Math.abs(value));
                }
                if (parameter.name().endsWith("lora_A.weight")) {
                    assertThat(max).as(parameter.name()).isLessThanOrEqualTo(bound).isGreaterThan(0.8 * bound);
                } else {
                    assertThat(max).as(parameter.name()).isZero();
                }
            }
            trainer.saveModel(folder);
        }
        assertThat(logits(base, ModelOptions.defaults().withAdapter(folder, 1)))
                .isDeepEqualTo(logits(base, ModelOptions.defaults()));
    }

    private static float[][] logits(Path path, ModelOptions options) {
        int[] ids = ids(4);
        float[][] logits = new float[ids.length][];
        try (Model model = Model.load(path, options.withThreads(2)); Session session = model.newSession()) {
            session.prefill(ids, (position, found) -> logits[position] = found.clone());
        }
        return logits;
    }

    @Test
    void aRestoredRunContinuesWithTheSameBits() throws IOException {
        Path base = TestData.path(QWEN);
        Path checkpoint = folder.resolve("checkpoint");
        List<StepResult> straight = new ArrayList<>();
        List<StepResult> broken = new ArrayList<>();
        List<float[]> expected;
        try (Trainer trainer = adapt(base, 2)) {
            while (trainer.steps() < STEPS) {
                straight.add(step(trainer));
            }
            expected = values(trainer);
        }
        try (Trainer trainer = adapt(base, 1)) {
            while (trainer.steps() < 3) {
                broken.add(step(trainer));
            }
            trainer.setChatTemplate("{{ messages }}");
            trainer.save(checkpoint);
        }
        assertThat(checkpoint.resolve("config.json")).doesNotExist();
        assertThat(TestData.json(checkpoint.resolve("adapter_config.json"))).containsEntry("r", (long) RANK)
                .containsEntry("lora_alpha", (long) ALPHA).containsEntry("peft_type", "LORA")
                .containsEntry("target_modules", List.of(
                        "down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj"));
        try (Trainer trainer = Trainer.restore(checkpoint, 3)) {
            assertThat(trainer.options()).isEqualTo(options());
            assertThat(trainer.base().map(Trainer.Base::path)).contains(base.toAbsolutePath().normalize());
            assertThat(trainer.base().flatMap(Trainer.Base::variant)).isEmpty();
            while (trainer.steps() < STEPS) {
                broken.add(step(trainer));
            }
            assertThat(broken).isEqualTo(straight);
            assertThat(values(trainer)).usingRecursiveComparison().isEqualTo(expected);
            trainer.saveModel(folder.resolve("adapter"));
        }
        assertThat(folder.resolve("adapter/chat_template.jinja")).hasContent("{{ messages }}"); // the base has none
    }

    /** The engine's model with the adapter gives the losses that training found, of every type of the base. */
    @ParameterizedTest
    @EnumSource(value = DType.class, names = {"F32", "BF16", "Q8_0", "Q6_K"})
    void theLoadedAdapterEqualsTheTrainedOne(DType dtype) throws IOException {
        Path base = write(folder.resolve("base"), dtype);
        int[] ids = ids(9);
        int[] targets = SmallModels.shifted(ids);
        double trained;
        try (Trainer trainer = adapt(base, 2)) {
            while (trainer.steps() < STEPS) {
                step(trainer);
            }
            trainer.saveModel(folder.resolve("adapter"));
            assertThat(trainer.memory()).isBetween(bytes(base), bytes(base) + (8 << 20));
            try (Trainer copy = Trainer.adapt(Trainer.Base.of(base), new LoraOptions(RANK, ALPHA), options()
                    .withBatches(TrainingOptions.Batches.defaults().withSequences(1).withContext(ids.length)), 2)) {
                for (int i = 0; i < copy.parameters().size(); i++) {
                    float[] value = trainer.parameters().get(i).value();
                    System.arraycopy(value, 0, copy.parameters().get(i).value(), 0, value.length);
                }
                trained = copy.step(ids, targets).loss();
            }
        }
        ModelOptions options = ModelOptions.defaults().withWeightType(WeightType.F32)
                .withAdapter(folder.resolve("adapter"), 1);
        double sum = 0;
        float[][] logits = new float[ids.length][];
        try (Model model = Model.load(base, options); Session session = model.newSession()) {
            session.prefill(ids, (position, found) -> logits[position] = found.clone());
        }
        for (int t = 0; t + 1 < ids.length; t++) {
            double total = 0;
            for (float logit : logits[t]) {
                total += Math.exp(logit - logits[t][targets[t]]);
            }
            sum += Math.log(total);
        }
        assertThat(trained).isCloseTo(sum / (ids.length - 1), within(2e-5));
    }

    private static long bytes(Path base) throws IOException {
        return Files.size(base.resolve("model.safetensors")) * 9 / 10;
    }

    /** Writes the golden model with matrices of a type. */
    private static Path write(Path into, DType dtype) throws IOException {
        Path golden = TestData.path(QWEN);
        Files.createDirectories(into);
        Files.copy(golden.resolve("config.json"), into.resolve("config.json"));
        List<Tensor> tensors = new ArrayList<>();
        try (Checkpoint checkpoint = Checkpoint.open(golden, false)) {
            for (Tensor tensor : checkpoint.tensors().values()) {
                boolean matrix = tensor.shape().size() == 2;
                tensors.add(Tensor.of(tensor.name(), matrix ? dtype : DType.F32, tensor.toFloats(),
                        tensor.shape().stream().mapToLong(size -> size).toArray()));
            }
        }
        Safetensors.write(into.resolve("model.safetensors"), Map.of("format", "pt"), tensors);
        return into;
    }

    @Test
    void wrongBasesAreNamed() throws IOException {
        Path base = write(folder.resolve("base"), DType.F32);
        Path checkpoint = folder.resolve("checkpoint");
        try (Trainer trainer = adapt(base, 1)) {
            trainer.save(checkpoint);
        }
        assertThatThrownBy(() -> adapt(checkpoint, 1)).isInstanceOf(ModelFormatException.class)
                .hasMessageContaining(
                        "expected a model, found a LoRA adapter: merge it into its model with t6j convert");
        assertThatThrownBy(() -> Trainer.from(Trainer.Base.of(checkpoint), options(), 1))
                .hasMessageContaining("expected a model, found a LoRA adapter");
        Path weights = base.resolve("model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length - 3] ^= 1;
        Files.write(weights, bytes);
        assertThatThrownBy(() -> Trainer.restore(checkpoint, 1)).isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("expected the weights that the run began with, checksum ");
        Files.move(base, folder.resolve("moved"));
        assertThatThrownBy(() -> Trainer.restore(checkpoint, 1)).isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("adapter_config.json: expected the model of the run at " + base
                        + ", found no such file or folder: move it back, or edit base_model_name_or_path");
    }

    @Test
    void wrongSizesAndFamiliesAreNamed() {
        assertThatThrownBy(() -> new LoraOptions(0, 1)).hasMessage("rank: expected 1 to 4096, found 0");
        assertThatThrownBy(() -> new LoraOptions(1, 0)).hasMessage("alpha: expected above 0 to 1000000, found 0.0");
        assertThatThrownBy(
                () -> Trainer.adapt(Trainer.Base.of(TestData.path(QWEN)), new LoraOptions(999, 1), options(), 1))
                .hasMessageMatching("rank: expected at most \\d+, the larger side of model.layers.0.\\S+, found 999");
        assertThatThrownBy(() -> adapt(TestData.path("golden_more/gemma3-window"), 1))
                .hasMessageContaining("training: multipliers, caps and activation: expected those of Llama, found GQA");
    }
}
