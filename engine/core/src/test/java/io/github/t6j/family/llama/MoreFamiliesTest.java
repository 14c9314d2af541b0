package io.github.t6j.family.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.Model;
import io.github.t6j.ModelFormatException;
import io.github.t6j.ModelInfo;
import io.github.t6j.ModelOptions;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.TestData;
import io.github.t6j.WeightType;
import io.github.t6j.attention.AttentionPath;
import io.github.t6j.json.Json;
import io.github.t6j.oracle.MoreCase;
import io.github.t6j.weights.GgufFile;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.checkpoint.Checkpoint;
import io.github.t6j.weights.safetensors.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares models of testdata/golden_more with logits that an independent reader computed in float64. */
@Tag("width")
class MoreFamiliesTest {
    /** Tolerance of logits compared with float64. */
    private static final double TOLERANCE = 2e-4;

    private static final long SEED = 35;

    static List<String> cases() {
        return List.of("qwen3moe-norm", "qwen3moe-mixed", "mixtral-top2", "mixtral-window");
    }

    private static Model load(String name, WeightType type) {
        return Model.load(MoreCase.of(name).folder(), ModelOptions.defaults().withThreads(2).withWeightType(type));
    }

    /** The files have bf16 weights. */
    @ParameterizedTest
    @MethodSource("cases")
    void logitsEqualTheOracle(String name) {
        MoreCase golden = MoreCase.of(name);
        int[] ids = golden.prompt();
        double[] logits = golden.logits("logits");
        for (WeightType type : new WeightType[] {null, WeightType.F32}) {
            try (Model model = load(name, type)) {
                for (AttentionPath path : AttentionPath.values()) {
                    SessionOptions options = path.of(SessionOptions.defaults());
                    try (Session whole = model.newSession(options); Session steps = model.newSession(options)) {
                        whole.prefill(ids, (position, found) -> {
                            steps.step(ids[position]);
                            assertThat(steps.logits()).as("position " + position).isEqualTo(found);
                            check(found, logits, position);
                        });
                    }
                }
            }
        }
    }

    private static void check(float[] found, double[] logits, int position) {
        for (int id = 0; id < found.length; id++) {
            assertThat((double) found[id]).as("position " + position + " id " + id)
                    .isCloseTo(logits[position * found.length + id], within(TOLERANCE));
        }
    }

    /**
     * Cost of narrower caches: the largest mean difference of a case's logits, of about 10 at most. Steps have the bits
     * of a whole prompt. A router that chooses another expert moves all logits of a position, so the largest says
     * little.
     */
    @ParameterizedTest
    @CsvSource({"F16, 0.004", "BF16, 0.03", "Q8, 0.1"})
    void narrowerCachesStateTheirError(SessionOptions.CacheType type, double bound) {
        double largest = 0;
        for (String name : cases()) {
            int[] ids = MoreCase.of(name).prompt();
            double[] logits = MoreCase.of(name).logits("logits");
            double[] sum = {0};
            SessionOptions options = SessionOptions.defaults().withCacheType(type);
            try (Model model = load(name, null);
                    Session whole = model.newSession(options);
                    Session steps = model.newSession(options)) {
                whole.prefill(ids, (position, found) -> {
                    steps.step(ids[position]);
                    assertThat(steps.logits()).as(name + ", position " + position).isEqualTo(found);
                    for (int id = 0; id < found.length; id++) {
                        sum[0] += Math.abs(found[id] - logits[position * found.length + id]);
                    }
                });
            }
            largest = Math.max(largest, sum[0] / logits.length);
        }
        assertThat(largest).isLessThan(bound).isGreaterThan(bound / 10);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void greedyTokensEqualTheOracle(String name) {
        try (Model model = load(name, null); Session session = model.newSession()) {
            session.prefill(MoreCase.of(name).prompt());
            for (int expected : MoreCase.of(name).greedy()) {
                assertThat(TestData.best(session.logits())).as("position " + session.position()).isEqualTo(expected);
                session.step(expected);
            }
        }
    }

    /** Weights of every type, so that rows are rounded too: chunks of any size, and other sessions in a batch. */
    @Tag("full")
    @ParameterizedTest
    @MethodSource("cases")
    void bitsDoNotDependOnChunksAndOtherSessions(String name) {
        Random random = new Random(SEED);
        int[] prompt = MoreCase.of(name).prompt();
        for (WeightType type : WeightType.values()) {
            try (Model model = load(name, type);
                    Session whole = model.newSession();
                    Session chunks = model.newSession()) {
                whole.prefill(prompt);
                for (int from = 0, to; from < prompt.length; from = to) {
                    to = Math.min(prompt.length, from + 1 + random.nextInt(40));
                    chunks.prefill(Arrays.copyOfRange(prompt, from, to));
                }
                assertThat(chunks.logits()).as("seed " + SEED + " " + type).isEqualTo(whole.logits());
                checkBatch(model, chunks, whole, type, random);
            }
        }
    }

    private static void checkBatch(
            Model model, Session session, Session alone, WeightType type, Random random) {
        int vocabulary = model.info().sizes().vocabulary();
        List<Session> together = new ArrayList<>(List.of(session));
        try {
            for (int neighbours : new int[] {1, 6, 20}) {
                while (together.size() <= neighbours) {
                    together.add(model.newSession());
                    together.getLast().prefill(random.ints(1 + random.nextInt(50), 0, vocabulary).toArray());
                }
                int[] ids = random.ints(together.size(), 0, vocabulary).toArray();
                model.step(together, ids);
                alone.step(ids[0]);
                assertThat(session.logits()).as("seed " + SEED + " " + type + " with " + neighbours)
                        .isEqualTo(alone.logits());
            }
        } finally {
            together.subList(1, together.size()).forEach(Session::close);
        }
    }

    /**
     * Files of llama.cpp with weights of 8 bits, where a product rounds its inputs: the mean difference from float64
     * equals llama.cpp's, which rounds them too.
     */
    @ParameterizedTest
    @ValueSource(strings = {"gguf-qwen3moe-q8_0", "gguf-mixtral-q8_0"})
    void filesOfEightBitsAreAsCloseAsLlamaCpp(String name) {
        MoreCase golden = MoreCase.of(name);
        Path file = golden.folder().resolve("model-q8_0.gguf");
        double[] logits = golden.logits("logits");
        int[] ids = golden.prompt();
        for (ModelOptions.Load load : ModelOptions.Load.values()) {
            try (Model model = Model.load(file, ModelOptions.defaults().withLoad(load).withThreads(2));
                    Session session = model.newSession()) {
                double[] sum = new double[1];
                session.prefill(ids, (position, found) -> {
                    for (int id = 0; id < found.length; id++) {
                        sum[0] += Math.abs(found[id] - logits[position * found.length + id]);
                    }
                });
                assertThat(sum[0] / logits.length).isLessThanOrEqualTo(1.3 * golden.meanOfLlamaCpp());
                assertThat(model.notes()).isEmpty();
            }
        }
    }

    private static void write(Path folder, String name, Map<String, Object> changes, UnaryOperator<Tensor> changed)
            throws IOException {
        Map<String, Object> config = new TreeMap<>(TestData.json(MoreCase.of(name).folder().resolve("config.json")));
        config.putAll(changes);
        config.values().removeIf(Objects::isNull);
        Files.writeString(folder.resolve("config.json"), Json.write(config));
        try (Checkpoint file = Checkpoint.open(MoreCase.of(name).folder(), false)) {
            List<Tensor> tensors = file.tensors().values().stream().map(changed).toList();
            Safetensors.write(folder.resolve("model.safetensors"), Map.of("format", "pt"), tensors);
        }
    }

    private static Tensor filled(Tensor tensor, float value) {
        float[] elements = new float[Math.toIntExact(tensor.elementCount())];
        Arrays.fill(elements, value);
        return Tensor.of(tensor.name(), elements, tensor.shape().stream().mapToLong(size -> size).toArray());
    }

    /** Equal scores choose the lower indices, and NaN in other experts is never read. */
    @Test
    void onlyChosenExpertsAreReadAndTiesChooseTheLowerIndex(@TempDir Path folder) throws IOException {
        int[] ids = MoreCase.of("qwen3moe-norm").prompt();
        float[][] logits = new float[2][];
        for (float element : new float[] {1, Float.NaN}) {
            write(folder, "qwen3moe-norm", Map.of(), tensor -> tensor.name().endsWith("mlp.gate.weight")
                    ? filled(tensor, 0)
                    : tensor.name().matches(".*experts\\.[2-5].*") ? filled(tensor, element) : tensor);
            try (Model model = Model.load(folder); Session session = model.newSession()) {
                session.prefill(ids);
                session.step(3);
                logits[Float.isNaN(element) ? 1 : 0] = session.logits().clone();
            }
        }
        assertThat(logits[1]).isEqualTo(logits[0]).doesNotContain(Float.NaN);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "null", value = {
        "qwen3moe-norm  | num_experts          | 7     | num_experts = 7, expected 6 from the rows of the router",
        "qwen3moe-norm  | num_experts_per_tok  | 7     | num_experts_per_tok: expected at most the number of experts, 6",
        "qwen3moe-norm  | moe_intermediate_size | 131  | moe_intermediate_size = 131, expected 132",
        "qwen3moe-norm  | decoder_sparse_step  | 2     | expected routers (mlp.gate.weight or",
        "qwen3moe-norm  | mlp_only_layers      | [1]   | in the layers [0], as config.json describes",
        "qwen3moe-norm  | model_type           | \"qwen2_moe\" | it would need an expert that all positions share",
        "qwen3moe-norm  | model_type           | \"mixtral\" | ",
        "qwen3moe-mixed | intermediate_size    | 201   | intermediate_size = 201, expected 200",
        "mixtral-top2   | num_local_experts    | 4     | num_local_experts = 4, expected 5",
        "mixtral-top2   | intermediate_size    | 131   | intermediate_size = 131, expected 132"
    })
    void contradictionsAreRefused(String name, String key, String value, String message, @TempDir Path folder)
            throws IOException {
        write(folder, name, Map.of(key, Json.parse(value.getBytes(), "value")), tensor -> tensor);
        assertThatThrownBy(() -> Model.load(folder)).isInstanceOf(ModelFormatException.class)
                .hasMessageContaining(message == null ? "" : message);
    }

    /** All experts in one tensor, as transformers 5 has them in memory. */
    @Test
    void stackedExpertsAreRefusedByName(@TempDir Path folder) throws IOException {
        write(folder, "qwen3moe-norm", Map.of(), tensor -> tensor.name().contains("layers.0.mlp.experts.0.gate_proj")
                ? new Tensor("model.layers.0.mlp.experts.gate_up_proj", tensor.dtype(), tensor.shape(), tensor.data())
                : tensor);
        assertThatThrownBy(() -> Model.load(folder)).isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("model.layers.0.mlp.experts.gate_up_proj: expected a tensor for each matrix");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Q8_0", "Q4_0"})
    void routersKeepTheirType(WeightType type, @TempDir Path folder) throws IOException {
        float[][] logits = new float[2][];
        int[] ids = MoreCase.of("qwen3moe-norm").prompt();
        for (int i = 0; i < 2; i++) { // a router in f32 has the same numbers
            boolean widened = i == 1;
            write(folder, "qwen3moe-norm", Map.of(), tensor -> widened && tensor.name().endsWith("mlp.gate.weight")
                    ? Tensor.of(tensor.name(), tensor.toFloats(), tensor.shape().get(0), tensor.shape().get(1))
                    : tensor);
            try (Model model = Model.load(folder, ModelOptions.defaults().withWeightType(type));
                    Session session = model.newSession()) {
                session.prefill(ids);
                logits[i] = session.logits().clone();
            }
        }
        assertThat(logits[1]).isEqualTo(logits[0]);
    }

    @Test
    void theModelDescribesItsExperts() {
        try (Model model = load("qwen3moe-mixed", null)) {
            assertThat(model.info().experts()).isEqualTo(new ModelInfo.Experts(5, 3, 132, 1));
            assertThat(model.info().sizes().hidden()).isEqualTo(200);
            long expert = (2 * 132 * 136 + 136 * 132) * 2L; // bytes; the matrices have whole panels of 64 rows
            assertThat(model.weightBytes() - model.activeWeightBytes()).isBetween(2 * expert, 3 * expert);
        }
        try (Model model = load("mixtral-window", null)) {
            assertThat(model.info().experts()).isEqualTo(new ModelInfo.Experts(4, 3, 132, 2));
            assertThat(model.info().attention().name()).isEqualTo("MHA (mixtral), window 24 in 2 layers");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "ffn_gate.0    | 1 | 64 | blk.0.ffn_gate.0.weight: expected the matrices of all experts in one tensor",
        "ffn_gate_exps | 3 | 64 | expected a matrix for each of 2 experts",
        "ffn_gate_exps | 2 | 1  | of at least 256 elements, found shape [2, 1, 64]"
    })
    void otherFilesOfExpertsAreRefused(String part, int matrices, int rows, String message, @TempDir Path folder)
            throws IOException {
        GgufFile gguf = new GgufFile().key("general.architecture", "llama").key("llama.attention.head_count", 4)
                .key("llama.embedding_length", 64).key("llama.feed_forward_length", rows)
                .key("llama.block_count", 1).key("llama.context_length", 64)
                .key("llama.attention.layer_norm_rms_epsilon", 1e-5f).key("llama.expert_count", 2)
                .key("llama.expert_used_count", 1)
                .floats("blk.0." + part + ".weight", new float[matrices * rows * 64], matrices, rows, 64);
        Path file = Files.write(folder.resolve("model.gguf"), gguf.make());
        assertThatThrownBy(() -> Model.load(file)).isInstanceOf(ModelFormatException.class)
                .hasMessageContaining(message);
    }
}
