package io.github.t6j.attention.mamba;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.TestData;
import io.github.t6j.TestNumbers;
import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.LayerWeights;
import io.github.t6j.attention.Projection;
import io.github.t6j.attention.TensorRole;
import io.github.t6j.cache.HeadStates;
import io.github.t6j.cache.SequenceCache;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.HeadStep;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.PackedMatMul;
import io.github.t6j.kernels.PackedMatrix;
import io.github.t6j.kernels.Workers;
import io.github.t6j.kernels.choice.KernelChoice;
import io.github.t6j.oracle.MambaReference;
import io.github.t6j.oracle.OlalaReference;
import io.github.t6j.oracle.Weights;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.MemoryBudget;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.TensorReader;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the mixer against golden models, with everything around it in float64. */
@Tag("width")
class MambaMixerTest {
    private static final Map<TensorRole, List<String>> NAMES = new EnumMap<>(Map.of(
            TensorRole.PROJECTION, List.of("in_proj.weight", "in_proj_dyn.weight"),
            TensorRole.KEY_NORM, List.of("B_norm.norm.weight"), TensorRole.QUERY_NORM, List.of("C_norm.norm.weight"),
            TensorRole.STATE_KEY_BIAS, List.of("B_bias"), TensorRole.STATE_QUERY_BIAS, List.of("C_bias"),
            TensorRole.STATE_VALUE_FACTORS, List.of("in_proj_mimo_x"),
            TensorRole.STATE_GATE_FACTORS, List.of("in_proj_mimo_z"),
            TensorRole.STATE_OUTPUT_FACTORS, List.of("out_proj_mimo"),
            TensorRole.STATE_STEP_BIAS, List.of("dt_bias"), TensorRole.STATE_SKIP, List.of("D")));

    static {
        NAMES.put(TensorRole.STATE_OUTPUT_NORM, List.of("output_norm.norm.weight"));
    }

    private final Workers workers = new Workers(2);
    private final Arena arena = Arena.ofShared();

    @AfterEach
    void free() {
        workers.close();
        arena.close();
    }

    /** Weights of the mixer of a layer in a checkpoint. */
    private record MixerWeights(Checkpoint file, int layer, boolean zeroCentered, Workers workers, Arena arena)
            implements
                LayerWeights {
        private List<Tensor> tensors(TensorRole role) {
            return NAMES.get(role).stream().map(name -> file.tensors().get("model.layers." + layer + ".mixer." + name))
                    .toList();
        }

        @Override
        public PackedMatrix packed(TensorRole role) {
            return PackedMatrix.pack(tensors(role), TensorReader.IN_MEMORY, arena, workers);
        }

        @Override
        public float[] floats(TensorRole role) {
            if (!NAMES.containsKey(role) || tensors(role).contains(null)) {
                return null;
            }
            float[] floats = tensors(role).getFirst().toFloats();
            if (zeroCentered && NAMES.get(role).getFirst().contains("norm")) {
                for (int i = 0; i < floats.length; i++) {
                    floats[i]++;
                }
            }
            return floats;
        }
    }

    /** The mixer of a layer in f32. */
    private final class Mixer implements AutoCloseable {
        final OlalaReference reference;
        final MambaMixer mixer;
        final AttentionAlgorithm algorithm;
        final PackedMatMul products;
        private final Projection projection;

        Mixer(Checkpoint file, OlalaReference reference, int layer, Kernels kernels, Workers threads) {
            this(file, reference, layer, kernels, threads, false);
        }

        Mixer(
                Checkpoint file, OlalaReference reference, int layer, Kernels kernels, Workers threads,
                boolean materialized) {
            this.reference = reference;
            MambaConfig config = new MambaConfig(
                    reference.mamba().heads(), reference.size("mamba_headdim"), reference.size("mamba_d_state"),
                    reference.size("mamba_mimo_dim"), (float) reference.epsilon());
            LayerWeights weights =
                    new MixerWeights(file, layer, reference.is("zero_centered_gamma"), threads, arena);
            mixer = config.attention(weights, null);
            projection = config.projection(weights);
            algorithm = materialized ? mixer.newOracle(threads) : mixer.newAlgorithm(kernels, threads, arena);
            algorithm.bind(materialized
                    ? mixer.newOracleCache(Format.BF16, new int[1])
                    : mixer.newCache(Format.BF16, new int[1]));
            products = new PackedMatMul(kernels, threads, false);
        }

        /** Computes rows from {@code from} without committing them. */
        float[] pass(double[][] u, int from, int count) {
            AttentionPass pass = prepare(u, from, count);
            algorithm.append(pass);
            algorithm.attend(pass);
            return pass.output;
        }

        private AttentionPass prepare(double[][] u, int from, int count) {
            AttentionPass pass = AttentionPass.of(mixer, count, 0);
            pass.setLayer(mixer, 0);
            pass.rows = count;
            pass.position = from;
            float[] x = new float[count * u[0].length];
            for (int i = 0; i < x.length; i++) {
                x[i] = (float) u[from + i / u[0].length][i % u[0].length];
            }
            projection.project(x, pass, products);
            algorithm.cache().reserve(from, from + count);
            return pass;
        }

        /** Computes all rows one at a time, each in tasks as in a batch. */
        float[][] tasks(double[][] u) {
            float[][] y = new float[u.length][];
            for (int from = 0; from < u.length; from++) {
                AttentionPass pass = prepare(u, from, 1);
                for (int task = algorithm.beginRow(pass, 3) - 1; task >= 0; task--) {
                    algorithm.computeTask(pass, task, task % 2);
                }
                algorithm.endRow(pass);
                algorithm.cache().commit();
                y[from] = pass.output;
            }
            return y;
        }

        /** Computes all rows, {@code chunk} at a time. */
        float[][] mix(double[][] u, int chunk) {
            int width = mixer.heads() * mixer.headDim();
            float[][] y = new float[u.length][width];
            for (int from = 0; from < u.length; from += chunk) {
                int count = Math.min(chunk, u.length - from);
                float[] output = pass(u, from, count);
                algorithm.cache().commit();
                for (int row = 0; row < count; row++) {
                    System.arraycopy(output, row * width, y[from + row], 0, width);
                }
            }
            return y;
        }

        @Override
        public void close() {
            algorithm.cache().close();
        }
    }

    private static OlalaReference reference(String name) {
        return new OlalaReference(
                Weights.read(TestData.path("golden_olala/" + name)),
                TestData.json("golden_olala/" + name + "/config.json"));
    }

    private static Checkpoint file(String name) {
        return Checkpoint.open(TestData.path("golden_olala/" + name), false);
    }

    private static int[] ids(String name) {
        return TestData.ints(((Map<?, ?>) TestData.json("golden_olala/" + name + "/case.json").get("prompt"))
                .get("input_ids"));
    }

    private static double[][] doubles(float[][] x) {
        double[][] y = new double[x.length][x[0].length];
        for (int t = 0; t < x.length; t++) {
            for (int i = 0; i < x[t].length; i++) {
                y[t][i] = x[t][i];
            }
        }
        return y;
    }

    private static void assertClose(double[][] found, double[] expected, double tolerance, String what) {
        int width = found[0].length;
        assertThat(expected).hasSize(found.length * width);
        for (int i = 0; i < expected.length; i++) {
            assertThat(found[i / width][i % width]).as(what + ", row " + i / width + " element " + i % width)
                    .isCloseTo(expected[i], within(tolerance));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"mamba", "mamba-siso", "mamba-odd"})
    void logitsAreThoseOfTheGoldenModel(String name) {
        OlalaReference reference = reference(name);
        double[] expected = TestData.doubles("golden_olala/" + name + "/logits_f64.safetensors", "logits");
        assertClose(reference.logits(ids(name)), expected, 1e-11, name + ", the reference");
        try (Checkpoint file = file(name)) {
            for (int chunk : new int[] {1, 64, 200}) {
                double[][] logits = reference.logits(ids(name), (layer, u) -> {
                    try (Mixer mixer = new Mixer(file, reference, layer, KernelChoice.kernels(), workers)) {
                        return doubles(mixer.mix(u, chunk));
                    }
                });
                assertClose(logits, expected, 2e-4, name + " in chunks of " + chunk);
            }
            double[][] logits = reference.logits(ids(name), (layer, u) -> {
                try (Mixer mixer = new Mixer(file, reference, layer, KernelChoice.kernels(), workers, true)) {
                    return doubles(mixer.mix(u, 7));
                }
            });
            assertClose(logits, expected, 2e-4, name + " materialized");
        }
    }

    private static double[] activation(String name) {
        return TestData.doubles("golden_olala/taps-mv/activations_f64.safetensors", name);
    }

    private static double[][] rows(double[] all, int width) {
        double[][] rows = new double[all.length / width][width];
        for (int i = 0; i < all.length; i++) {
            rows[i / width][i % width] = all[i];
        }
        return rows;
    }

    @Test
    void outputAndStatesAreThoseOfTheGoldenActivations() {
        OlalaReference reference = reference("taps-mv");
        double[][] u = rows(activation("0.in"), 20);
        MambaReference.State[] states = new MambaReference.State[4];
        assertClose(reference.mamba().mixer(0, u, states), activation("0.mixer"), 1e-12, "the reference");
        try (Checkpoint file = file("taps-mv");
                Mixer mixer = new Mixer(file, reference, 0, KernelChoice.kernels(), workers)) {
            assertClose(doubles(mixer.mix(u, 5)), activation("0.mixer"), 1e-5, "taps-mv");
            double[] s = activation("0.state.S");
            double[] k = activation("0.state.k");
            double[] x = activation("0.state.x");
            double[] phases = activation("0.state.phase");
            for (int head = 0; head < 4; head++) {
                MambaReference.State found = state(mixer, head);
                assertClose(states[head].s(), Arrays.copyOfRange(s, head * 80, (head + 1) * 80), 1e-12, "reference S");
                assertClose(found.s(), Arrays.copyOfRange(s, head * 80, (head + 1) * 80), 1e-5, "S");
                assertClose(found.k(), Arrays.copyOfRange(k, head * 16, (head + 1) * 16), 1e-5, "k");
                assertClose(found.v(), Arrays.copyOfRange(x, head * 10, (head + 1) * 10), 1e-5, "x");
                for (int f = 0; f < 2; f++) {
                    assertThat(Math.IEEEremainder(found.phase()[f] - phases[head * 2 + f], 2 * Math.PI))
                            .isCloseTo(0, within(1e-5));
                }
            }
        }
    }

    /** Returns S, the rotated keys, x in place of the values, and the phases of a head in radians. */
    private static MambaReference.State state(Mixer mixer, int head) {
        HeadStates cache = (HeadStates) mixer.algorithm.cache();
        MambaConfig config = mixer.mixer.config();
        MambaHead tail = new MambaHead(config, KernelChoice.scalar());
        tail.load(mixer.mixer.weights(), cache, 0, head);
        HeadStep step = tail.step;
        double[][] s = new double[config.headDim()][config.stateDim()];
        double[][] k = new double[config.ranks()][config.stateDim()];
        double[][] x = new double[1][config.headDim()];
        double[] phases = new double[config.angles()];
        for (int p = 0; p < s.length; p++) {
            x[0][p] = tail.tails[tail.tail + config.angles() + 3 + p];
            for (int n = 0; n < s[p].length; n++) {
                int at = p / HeadStep.COLUMNS * HeadStep.COLUMNS * config.stateDim() + n * HeadStep.COLUMNS
                        + p % HeadStep.COLUMNS;
                s[p][n] = step.pendingDecay * (double) step.state[at];
                for (int r = 0; r < config.ranks(); r++) {
                    k[r][n] = step.lastKeys[r * step.stride + n];
                    s[p][n] += step.pendingKeys[r * step.stride + n] * step.pendingValues[r * step.columns + p]
                            + step.coefficient * k[r][n] * step.lastValues[r * step.columns + p];
                }
            }
        }
        for (int f = 0; f < phases.length; f++) {
            phases[f] = 2 * Math.PI * tail.tails[tail.tail + f];
        }
        return new MambaReference.State(s, k, x, phases);
    }

    private static double[][] inputs(int rows, int width, long seed) {
        Random random = new Random(seed);
        double[][] u = new double[rows][];
        for (int t = 0; t < rows; t++) {
            u[t] = TestNumbers.doubles(TestNumbers.normal(random, width, 1));
        }
        return u;
    }

    @ParameterizedTest
    @ValueSource(strings = {"mamba", "mamba-siso", "mamba-odd"})
    void bitsDoNotDependOnChunksThreadsAndKernels(String name) {
        OlalaReference reference = reference(name);
        double[][] u = inputs(90, reference.size("hidden_size"), 1);
        try (Checkpoint file = file(name); Workers one = new Workers(1)) {
            float[][] steps = mixed(file, reference, KernelChoice.kernels(), one, u, 1);
            for (int chunk : new int[] {90, 7, 64}) {
                assertThat(mixed(file, reference, KernelChoice.kernels(), workers, u, chunk))
                        .as(name + " in chunks of " + chunk).isDeepEqualTo(steps);
            }
            assertThat(mixed(file, reference, KernelChoice.scalar(), one, u, 7)).as(name).isDeepEqualTo(steps);
            try (Mixer mixer = new Mixer(file, reference, 1, KernelChoice.kernels(), workers)) {
                assertThat(mixer.tasks(u)).as(name + " in tasks").isDeepEqualTo(steps);
            }
        }
    }

    private float[][] mixed(
            Checkpoint file, OlalaReference reference, Kernels kernels, Workers threads, double[][] u, int chunk) {
        try (Mixer mixer = new Mixer(file, reference, 1, kernels, threads)) {
            return mixer.mix(u, chunk);
        }
    }

    /** A pass that is not committed stands for one that was cancelled between two layers. */
    @Test
    void aCancelledPassLeavesNoTrace() {
        OlalaReference reference = reference("mamba");
        double[][] u = inputs(40, 36, 2);
        try (Checkpoint file = file("mamba");
                Mixer mixer = new Mixer(file, reference, 0, KernelChoice.kernels(), workers);
                Mixer other = new Mixer(file, reference, 0, KernelChoice.kernels(), workers)) {
            float[][] expected = other.mix(u, 1);
            SequenceCache cache = mixer.algorithm.cache();
            for (int[] pass : new int[][] {{0, 1}, {1, 5}, {6, 1}, {7, 1}, {8, 9}, {17, 1}}) {
                int from = pass[0];
                mixer.pass(u, from, 1);
                mixer.pass(u, from + 20, 1); // another token that is cancelled, too
                mixer.pass(u, from, 7);
                mixer.pass(u, from, 1);
                mixer.pass(u, from, pass[1]);
                float[] y = mixer.pass(u, from, pass[1]);
                assertThat(Arrays.copyOf(y, 72)).as("row " + from).isEqualTo(expected[from]);
                cache.commit();
            }
            assertThat(cache.reaches(17)).isFalse();
            assertThat(cache.truncate(18, 17)).as("tokens left").isZero();
            assertThat(Arrays.copyOf(mixer.pass(u, 0, 1), 72)).isEqualTo(expected[0]);
        }
    }

    @Test
    void forksAndSavedStatesGoOnAlike() {
        OlalaReference reference = reference("mamba-odd");
        double[][] u = inputs(30, 39, 3);
        try (Checkpoint file = file("mamba-odd");
                Mixer mixer = new Mixer(file, reference, 0, KernelChoice.kernels(), workers)) {
            SequenceCache cache = mixer.algorithm.cache();
            for (int from = 0; from < 20; from += 4) {
                mixer.pass(u, from, 4);
                cache.commit();
            }
            mixer.pass(u, 25, 1); // cancelled, but the matrices are advanced
            float[] expected;
            try (SequenceCache fork = cache.fork(20)) {
                expected = mixer.pass(u, 20, 3);
                cache.commit();
                mixer.algorithm.bind(fork);
                assertThat(mixer.pass(u, 20, 3)).isEqualTo(expected);
                fork.trim(20);
                assertThat(mixer.pass(u, 20, 1)).startsWith(Arrays.copyOf(expected, 78));
                Map<String, Tensor> saved = new HashMap<>();
                for (LazyTensor tensor : fork.tensors(20)) {
                    saved.put(tensor.name(),
                            new Tensor(tensor.name(), tensor.dtype(), tensor.shape(), tensor.data().apply(arena)));
                }
                try (SequenceCache restored = mixer.mixer.newCache(Format.F32, 1)) {
                    restored.restore(saved, 20, "the test");
                    mixer.algorithm.bind(restored);
                    assertThat(mixer.pass(u, 20, 3)).isEqualTo(expected);
                }
            }
            mixer.algorithm.bind(cache);
        }
    }

    @Test
    void memoryIsCountedAndDoesNotGrow() {
        MambaConfig config = new MambaConfig(48, 64, 128, 4, 1e-6f);
        MambaMixer mixer = new MambaMixer(config, null);
        assertThat(config.row()).isEqualTo(6288 + 1056);
        int floats = 48 * (64 * 128 + 32 + 3 + 2 * 64 + 2 * 4 * 128); // twice x and keys: the matrix lags by a token
        assertThat(mixer.stateElements()).isEqualTo(floats);
        MemoryBudget budget = new MemoryBudget("the test", 20_000_000, null);
        try (SequenceCache cache = mixer.newCache(Format.Q8, 2)) {
            cache.charge(budget);
            assertThat(cache.bytes(0)).isEqualTo(cache.bytes(1_000_000)).isEqualTo(2L * 4 * floats);
            // two tails of a head: 32 phases, 3 numbers, x and keys of two tokens
            long held = 2L * 4 * 48 * (64 * 128 + 2 * (32 + 3 + 2 * 64 + 2 * 4 * 128));
            assertThat(cache.heldBytes()).isEqualTo(held).isEqualTo(budget.allocated());
            assertThat(29 * held / 2).as("29 layers, as the documents say").isBetween(58_750_000L, 58_850_000L);
            cache.reserve(0, 1);
            assertThat(cache.heldBytes()).isEqualTo(held);
            assertThat(cache.growthBytes(1, 100)).isEqualTo(2L * 4 * 48 * 64 * 128);
            cache.reserve(1, 9);
            cache.commit();
            assertThat(cache.heldBytes()).isEqualTo(held + 2L * 4 * 48 * 64 * 128).isEqualTo(budget.allocated());
            assertThat(cache.growthBytes(9, 100)).isZero();
            cache.trim(9);
            assertThat(cache.heldBytes()).isEqualTo(held).isEqualTo(budget.allocated());
            assertThat(cache.truncate(9, 9)).isEqualTo(9);
            assertThat(cache.reaches(9)).isTrue();
        }
        assertThat(budget.allocated()).isZero();
    }

    @Test
    void sizesOutOfRangeAreErrors() {
        assertThatIllegalArgumentException().isThrownBy(() -> new MambaConfig(4, 8, 16, 5, 1e-6f))
                .withMessageContaining("expected 1 to 4 ranks, found 5");
        assertThatIllegalArgumentException().isThrownBy(() -> new MambaConfig(4, 8, 3, 1, 1e-6f))
                .withMessageContaining("found 4, 8 and 3");
    }
}
