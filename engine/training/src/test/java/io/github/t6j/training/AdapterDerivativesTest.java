package io.github.t6j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.TestNumbers;
import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.LayerOptions;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.TensorRole;
import io.github.t6j.attention.grouped.GroupedQueryConfig;
import io.github.t6j.attention.latent.LatentConfig;
import io.github.t6j.attention.tpa.TpaConfig;
import io.github.t6j.family.Family;
import io.github.t6j.family.llama.LlamaFamily;
import io.github.t6j.family.t6.T6Family;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.NamedTensors;
import io.github.t6j.model.TensorSpec;
import io.github.t6j.training.lora.FrozenWeights;
import io.github.t6j.training.lora.NewAdapter;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.Tensor;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Gradients of adapters, compared with differences of a float64 model that has W + s B A in place of W. The sizes are
 * several panels, tiles and quantised blocks, and no multiple of 64.
 */
@Tag("width")
class AdapterDerivativesTest {
    private static final double TOLERANCE = 1e-4;
    private static final double STEP = 1e-5;
    private static final int RANK = 5;
    private static final int LENGTH = 67;
    private static final ModelConfig.Sizes SIZES = new ModelConfig.Sizes(97, 2, 70, 261, 128);

    /** Model whose matrices are stored in a type. */
    record Case(String name, DType dtype, ModelConfig config, List<TensorSpec> specs) {
        @Override
        public String toString() {
            return name + ", " + dtype;
        }
    }

    private static Case of(
            String name, DType dtype, Family family, AttentionConfig attention, Rope.Form form, Set<TensorRole> roles) {
        ModelConfig config = new ModelConfig(
                family.name(), name, SIZES, attention, false, new Rope.Config(attention.rotatedDim(), 0f, form),
                new ModelConfig.Norms(1e-5f, false), roles, List.of());
        return new Case(name, dtype, config, family.tensors(config));
    }

    static Stream<Case> cases() {
        Rope.Form neox = new Rope.Form(false, true, false);
        LayerOptions norms = new LayerOptions(1e-6f, new TreeSet<>(), 0, new TreeSet<>());
        Set<TensorRole> none = EnumSet.noneOf(TensorRole.class);
        return Stream.of(
                of("T6", DType.F32, new T6Family(), new TpaConfig(5, 22, 22, 5, 2, 3), Rope.Form.OFFICIAL, none),
                of("KV-only", DType.BF16, new T6Family(), new TpaConfig(5, 22, 22, 0, 2, 2), Rope.Form.OFFICIAL,
                        none),
                of("MLA", DType.Q6_K, new T6Family(), new LatentConfig(5, 14, 18, 70, 38, 8), Rope.Form.OFFICIAL, none),
                of("Qwen2", DType.Q8_0, new LlamaFamily(), new GroupedQueryConfig(6, 22, 2), neox,
                        EnumSet.of(TensorRole.PROJECTION_BIAS)),
                of("Qwen3", DType.Q4_K, new LlamaFamily(), new GroupedQueryConfig(6, 22, 2, norms), neox,
                        EnumSet.of(TensorRole.QUERY_NORM, TensorRole.KEY_NORM, TensorRole.OUTPUT)));
    }

    /** Returns the tensors as a file has them: matrices in the type of the case, vectors in f32. */
    private static Map<String, Tensor> stored(Case example, long seed) {
        Map<String, Tensor> stored = new LinkedHashMap<>();
        SmallModels random = SmallModels.random(example.config, example.specs, seed);
        for (TensorSpec spec : example.specs) {
            long[] shape = spec.shape().stream().mapToLong(size -> size).toArray();
            stored.put(spec.name(), Tensor.of(
                    spec.name(), shape.length == 2 ? example.dtype : DType.F32, random.weights().get(spec.name()),
                    shape));
        }
        return stored;
    }

    /** The model in double, whose matrices change with the adapters. */
    private static final class Oracle {
        private final Float64Model model;
        private final Map<String, float[]> weights = new HashMap<>();
        private final Map<String, double[]> factors = new HashMap<>();
        private final int[] ids;
        private final int[] targets;
        private final double scale;

        Oracle(Case example, Map<String, Tensor> stored, TrainableModel trained, int[] ids, int[] targets,
                double scale) {
            stored.forEach((name, tensor) -> weights.put(name, tensor.toFloats()));
            model = new Float64Model(new SmallModels(example.config, example.specs, weights));
            trained.parameters().forEach(
                    parameter -> factors.put(parameter.name(), TestNumbers.doubles(parameter.value())));
            this.ids = ids;
            this.targets = targets;
            this.scale = scale;
            factors.keySet().forEach(this::merge);
        }

        private static String module(String factor) {
            return factor.replaceFirst("base_model\\.model\\.(.*)\\.lora_[AB]\\.weight", "$1");
        }

        private void merge(String factor) {
            String module = module(factor);
            double[] a = factors.get("base_model.model." + module + ".lora_A.weight");
            double[] b = factors.get("base_model.model." + module + ".lora_B.weight");
            float[] w = weights.get(module + ".weight");
            double[] merged = model.tensor(module + ".weight");
            int inputs = a.length / RANK;
            for (int i = 0; i < w.length; i++) {
                double sum = 0;
                for (int k = 0; k < RANK; k++) {
                    sum += b[i / inputs * RANK + k] * a[k * inputs + i % inputs];
                }
                merged[i] = w[i] + scale * sum;
            }
        }

        double loss() {
            return model.loss(ids, targets, 1, LENGTH);
        }

        double difference(String factor, int element) {
            double[] values = factors.get(factor);
            double value = values[element];
            double[] losses = new double[2];
            for (int i = 0; i < 2; i++) {
                values[element] = value + (2 * i - 1) * STEP;
                merge(factor);
                losses[i] = loss();
            }
            values[element] = value;
            merge(factor);
            return (losses[1] - losses[0]) / (2 * STEP);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void gradientsMatchCentralDifferences(Case example) {
        long seed = example.name.hashCode();
        Random random = new Random(seed);
        Map<String, Tensor> stored = stored(example, seed);
        NewAdapter adapter = new NewAdapter(RANK, 8, "base");
        int[] ids = random.ints(LENGTH, 0, 50).toArray();
        int[] targets = SmallModels.shifted(ids);
        FrozenWeights frozen = new FrozenWeights(new NamedTensors(stored, "test"), example.specs);
        try (TrainableModel model = TrainableModel.adapted(example.config, example.specs, frozen, adapter, 2)) {
            for (Parameter parameter : model.parameters()) {
                float[] values = TestNumbers.normal(random, parameter.value().length, 0.2);
                System.arraycopy(values, 0, parameter.value(), 0, values.length);
            }
            Oracle oracle = new Oracle(example, stored, model, ids, targets, 8.0 / RANK);
            double loss = model.lossAndGradient(ids, targets, 1, LENGTH, 1);
            assertThat(loss).as("%s, seed %d", example, seed).isCloseTo(oracle.loss(), within(2e-5));
            for (Parameter parameter : model.parameters()) {
                float[] gradient = parameter.gradient();
                int top = 0;
                for (int i = 0; i < gradient.length; i++) {
                    top = Math.abs(gradient[i]) > Math.abs(gradient[top]) ? i : top;
                }
                double largest = Math.abs(gradient[top]);
                int element = random.nextBoolean() ? top : random.nextInt(gradient.length);
                assertThat((double) gradient[element])
                        .as("%s, seed %d: %s[%d], largest %s", example, seed, parameter.name(), element, largest)
                        .isCloseTo(oracle.difference(parameter.name(), element), within(TOLERANCE * largest));
            }
        }
    }
}
