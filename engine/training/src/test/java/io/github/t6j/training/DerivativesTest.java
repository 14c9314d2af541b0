package io.github.t6j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.TestData;
import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.LayerOptions;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.TensorRole;
import io.github.t6j.attention.grouped.GroupedQueryConfig;
import io.github.t6j.attention.latent.LatentConfig;
import io.github.t6j.attention.tpa.TpaConfig;
import io.github.t6j.family.Family;
import io.github.t6j.family.llama.LlamaFamily;
import io.github.t6j.family.mlra.MlraFamily;
import io.github.t6j.family.t6.T6Family;
import io.github.t6j.model.ModelConfig;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Tests gradients of models without golden gradients against central differences of an independent forward pass in
 * double, which reproduces the logits of the golden models.
 */
class DerivativesTest {
    /** Tolerance relative to a tensor's largest derivative. */
    private static final double TOLERANCE = 1e-4;
    /**
     * Tolerance for tensors whose derivatives are 0 up to rounding: a bias of unrotated keys shifts all scores alike.
     */
    private static final double NONE = 1e-2;

    private static final double STEP = 3e-6;
    private static final int SAMPLES = 4;
    private static final Rope.Form COUNTERCLOCKWISE = new Rope.Form(false, true, false);
    private static final ModelConfig.Sizes SIZES = new ModelConfig.Sizes(23, 2, 14, 19, 64);

    /** Model, and the shape of its micro-batch. */
    record Case(String name, SmallModels small, int sequences, int length) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static SmallModels golden(String folder) {
        return SmallModels.read(TestData.path(folder), null);
    }

    static Stream<String> goldenFolders() {
        return Stream.of(
                "golden_mlra/tpa_even", "golden_mlra/tpa_odd", "golden_mlra/mha", "golden_mlra/gqa", "golden_mlra/mqa",
                "golden_mlra/mla", "golden_llama/llama2-mha", "golden_llama/llama3-gqa",
                "golden_llama/llama-linear-bias", "golden_llama/mistral-window", "golden_llama/qwen2-bias",
                "golden_llama/qwen2-window", "golden_llama/qwen3-norm", "golden_llama/smollm3-nope");
    }

    @ParameterizedTest
    @MethodSource("goldenFolders")
    void theOracleReproducesTheGoldenLogits(String folder) {
        SmallModels small = golden(folder);
        int[] ids = TestData.ints(TestData.json(folder + "/greedy.json").get("prompt"));
        double[] expected = TestData.doubles(folder + "/logits_f64.safetensors", "logits");
        double[][] found = new Float64Model(small).logits(ids);
        int vocabulary = small.config().sizes().vocabulary();
        for (int i = 0; i < expected.length; i++) {
            assertThat(found[i / vocabulary][i % vocabulary]).as("logit " + i).isCloseTo(expected[i], within(1e-5));
        }
    }

    private static Case made(
            String name, Family family, AttentionConfig attention, Rope.Config rope, ModelConfig.Norms norms,
            Set<TensorRole> optional, int sequences, int length) {
        ModelConfig config = new ModelConfig(
                family.name(), name, SIZES, attention, name.startsWith("linear"), rope, norms, optional, List.of());
        return new Case(name, SmallModels.random(config, family.tensors(config), name.hashCode()), sequences, length);
    }

    private static Case official(
            String name, AttentionConfig attention, int rotated, float decay, boolean headNorms, int sequences,
            int length) {
        Rope.Form form = decay == 0 ? Rope.Form.OFFICIAL : Rope.Form.OFFICIAL_DECAY;
        return made(name, new T6Family(), attention, new Rope.Config(rotated, decay, form),
                new ModelConfig.Norms(0x1p-23f, headNorms), EnumSet.noneOf(TensorRole.class), sequences, length);
    }

    private static Case mlra(String name, AttentionConfig attention, boolean untied) {
        return made(name, new MlraFamily(), attention,
                new Rope.Config(attention.rotatedDim(), 0f, COUNTERCLOCKWISE),
                new ModelConfig.Norms(1e-6f, false),
                untied ? EnumSet.of(TensorRole.OUTPUT) : EnumSet.noneOf(TensorRole.class), 2, 9);
    }

    private static Case llama(String name, GroupedQueryConfig attention, Set<TensorRole> optional) {
        return made(name, new LlamaFamily(), attention,
                new Rope.Config(attention.headDim(), 0f, COUNTERCLOCKWISE), new ModelConfig.Norms(1e-5f, false),
                optional, 2, 9);
    }

    static Stream<Case> cases() {
        TpaConfig odd = new TpaConfig(3, 8, 8, 5, 2, 3);
        TpaConfig wide = new TpaConfig(3, 8, 6, 4, 3, 1); // values of another size than keys
        TpaConfig keyValue = new TpaConfig(3, 8, 8, 0, 3, 2);
        GroupedQueryConfig grouped = new GroupedQueryConfig(6, 8, 2);
        LatentConfig latent = new LatentConfig(3, 5, 7, 9, 6, 4);
        LayerOptions qwen3 = new LayerOptions(1e-5f, new TreeSet<>(), 0, new TreeSet<>());
        LayerOptions mixed = new LayerOptions(0f, new TreeSet<>(Set.of(1)), 5, new TreeSet<>(Set.of(0)));
        Set<TensorRole> biases = EnumSet.of(
                TensorRole.PROJECTION_BIAS, TensorRole.ATTENTION_OUTPUT_BIAS, TensorRole.GATE_UP_BIAS,
                TensorRole.DOWN_BIAS);
        Stream<Case> made = Stream.of(
                official("odd ranks", odd, 8, 0, false, 2, 9),
                official("odd ranks, group norm, partial, decay", odd, 4, 0.9f, true, 3, 5),
                official("values of another size", wide, 8, 0, true, 2, 9),
                official("KV-only, odd ranks, partial", keyValue, 6, 0, false, 2, 9),
                official("nothing rotated", odd, 0, 0, false, 2, 9),
                official("linear", odd, 4, 0.9f, false, 2, 9),
                official("linear KV-only", keyValue, 4, 0.9f, true, 2, 9),
                official("linear GQA", grouped, 4, 0.9f, false, 2, 9),
                official("GQA, partial, decay, group norm", grouped, 4, 0.9f, true, 2, 9),
                official("MLA, group norm", latent, 4, 0, true, 2, 9),
                official("one position", odd, 8, 0, false, 3, 1),
                official("one position, MLA", latent, 4, 0, false, 2, 1),
                official("a position more than a tile", new TpaConfig(2, 4, 4, 2, 1, 2), 4, 0, false, 1, 65),
                mlra("MLRA TPA, untied", odd, true),
                mlra("MLRA KV-only", keyValue, false),
                mlra("MLRA MLA with factors",
                        new LatentConfig(3, 5, 7, 9, 6, 4, LatentConfig.Parts.WHOLE,
                                new LatentConfig.Factors(1.3, 1.6, 1)),
                        false),
                mlra("MLRA GQA, untied", grouped, true),
                llama("Llama", grouped, EnumSet.noneOf(TensorRole.class)),
                llama("Llama, untied, all biases", grouped, with(biases, TensorRole.OUTPUT)),
                llama("Qwen3, untied", new GroupedQueryConfig(6, 8, 2, qwen3),
                        EnumSet.of(TensorRole.QUERY_NORM, TensorRole.KEY_NORM, TensorRole.OUTPUT)),
                llama("a layer without RoPE, a window", new GroupedQueryConfig(6, 8, 1, mixed), biases));
        made = Stream.concat(made, stepped());
        return Stream.concat(made, goldenFolders().map(folder -> new Case(folder, golden(folder), 1, 8)));
    }

    /** Returns models with steps; sequences are longer than a window. */
    private static Stream<Case> stepped() {
        return SteppedModelsTest.variants().map(variant -> {
            boolean whole = variant.size() == 2;
            return new Case(
                    "steps " + new TreeMap<>(variant) + (whole ? ", whole queries" : ""),
                    SteppedModelsTest.model(variant, whole), 2, 9);
        });
    }

    private static Set<TensorRole> with(Set<TensorRole> roles, TensorRole role) {
        Set<TensorRole> all = EnumSet.copyOf(roles);
        all.add(role);
        return all;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void gradientsMatchCentralDifferences(Case example) {
        long seed = example.name.hashCode() + 17L;
        Random random = new Random(seed);
        int[] ids = example.small.ids(random, example.sequences * example.length);
        int[] targets = example.small.ids(random, ids.length);
        targets[random.nextInt(targets.length)] = -1;
        int[] starts = IntStream.rangeClosed(0, example.sequences).map(i -> i * example.length).toArray();
        Float64Model oracle = new Float64Model(example.small);
        try (TrainableModel model = example.small.trainable(2)) {
            double loss = model.lossAndGradient(ids, targets, example.sequences, example.length, 1);
            assertThat(model.loss(ids, targets, example.sequences, example.length)).isEqualTo(loss);
            check(example, oracle, model, loss, new Feed(ids, targets, starts), random, seed);
        }
    }

    static Stream<Case> packedCases() {
        Set<String> names = Set.of("odd ranks, group norm, partial, decay", "KV-only, odd ranks, partial", "linear",
                "GQA, partial, decay, group norm", "MLA, group norm", "Qwen3, untied");
        return Stream.concat(
                cases().filter(example -> names.contains(example.name) || example.name.contains("scalableSoftmax")),
                Stream.of(
                        official("documents of more than a tile", new TpaConfig(2, 4, 4, 2, 1, 2), 4, 0, false, 2, 150),
                        made("windows of more than a tile", new LlamaFamily(),
                                new GroupedQueryConfig(2, 4, 1, new LayerOptions(
                                        0f, new TreeSet<>(), 70, new TreeSet<>(Set.of(0)))),
                                new Rope.Config(4, 0f, COUNTERCLOCKWISE), new ModelConfig.Norms(1e-5f, false),
                                EnumSet.noneOf(TensorRole.class), 2, 150)));
    }

    /** Documents in a window do not see one another, as if each were a sequence, and only some positions are scored. */
    @ParameterizedTest
    @MethodSource("packedCases")
    void gradientsOfPackedDocumentsMatchCentralDifferences(Case example) {
        long seed = example.name.hashCode() + 29L;
        Random random = new Random(seed);
        int[] ids = example.small.ids(random, example.sequences * example.length);
        int[] targets = example.small.ids(random, ids.length);
        int[] positions = new int[ids.length];
        int[] starts = new int[ids.length + 1];
        int documents = 0;
        for (int row = 0; row < ids.length; row++) {
            boolean begins = row % example.length == 0 || random.nextInt(Math.max(4, example.length / 2)) == 0;
            positions[row] = begins ? 0 : positions[row - 1] + 1;
            targets[row] = random.nextInt(3) == 0 ? -1 : targets[row];
            if (begins) {
                starts[documents++] = row;
            }
        }
        starts[documents] = ids.length;
        Float64Model oracle = new Float64Model(example.small);
        try (TrainableModel model = example.small.trainable(2)) {
            double loss = model.lossAndGradient(
                    model.begin(ids, targets, positions, example.sequences, example.length), 1);
            check(example, oracle, model, loss, new Feed(ids, targets, Arrays.copyOf(starts, documents + 1)), random,
                    seed);
        }
    }

    /** @param starts first position of each document, and the end */
    private record Feed(int[] ids, int[] targets, int[] starts) {
        double loss(Float64Model oracle) {
            return oracle.loss(ids, targets, starts);
        }
    }

    private void check(Case example, Float64Model oracle, TrainableModel model, double loss, Feed feed, Random random,
            long seed) {
        assertThat(loss).as(example + ", seed " + seed).isCloseTo(feed.loss(oracle), within(2e-5));
        for (Parameter parameter : model.parameters()) {
            check(example, oracle, parameter, feed, random, seed);
        }
    }

    private void check(Case example, Float64Model oracle, Parameter parameter, Feed feed, Random random, long seed) {
        float[] gradient = parameter.gradient();
        int top = 0;
        for (int i = 0; i < gradient.length; i++) {
            top = Math.abs(gradient[i]) > Math.abs(gradient[top]) ? i : top;
        }
        double slope = difference(oracle, parameter, feed, top, STEP);
        double largest = Math.max(Math.abs(slope), NONE);
        assertThat(difference(oracle, parameter, feed, top, STEP / 2))
                .as("%s, seed %d: %s[%d], the oracle's difference", example, seed, parameter.name(), top)
                .isCloseTo(slope, within(TOLERANCE / 50 * largest));
        for (int sample = 0; sample < SAMPLES; sample++) {
            int element = sample == 0 ? top : random.nextInt(gradient.length);
            assertThat((double) gradient[element])
                    .as("%s, seed %d: %s[%d], largest %s", example, seed, parameter.name(), element, largest)
                    .isCloseTo(difference(oracle, parameter, feed, element, STEP), within(TOLERANCE * largest));
        }
    }

    /** Returns the fourth-order central difference by an element. */
    private static double difference(
            Float64Model oracle, Parameter parameter, Feed feed, int element, double step) {
        double[] tensor = oracle.tensor(parameter.name());
        double value = tensor[element];
        double[] losses = new double[4];
        double[] steps = {-2 * step, -step, step, 2 * step};
        for (int i = 0; i < steps.length; i++) {
            tensor[element] = value + steps[i];
            losses[i] = feed.loss(oracle);
        }
        tensor[element] = value;
        return (losses[0] - 8 * losses[1] + 8 * losses[2] - losses[3]) / (12 * step);
    }
}
