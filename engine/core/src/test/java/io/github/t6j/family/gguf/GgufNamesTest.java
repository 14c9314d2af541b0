package io.github.t6j.family.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.ModelFormatException;
import io.github.t6j.TestData;
import io.github.t6j.TestNumbers;
import io.github.t6j.family.registry.ModelTensors;
import io.github.t6j.json.Json;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.GgufFile;
import io.github.t6j.weights.NativeMemory;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.TensorReader;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Isolated
class GgufNamesTest {
    private static final String HUGGING_FACE = "golden_llama/llama3-gqa";
    private static final String QUERIES = "model.layers.0.self_attn.q_proj.weight";

    @TempDir
    Path folder;

    private static void read(Path path, boolean mapped, Consumer<Map<String, Tensor>> check) {
        try (Checkpoint checkpoint = Checkpoint.open(path, mapped); NativeMemory memory = NativeMemory.confined()) {
            GgufNames gguf = new GgufNames(checkpoint, path.toString());
            Map<String, Tensor> read = new LinkedHashMap<>();
            gguf.tensors().forEach((name, tensor) -> read.put(name, gguf.whole(tensor, memory)));
            check.accept(read);
        }
    }

    private static Map<String, Object> config(Path path) {
        try (Checkpoint checkpoint = Checkpoint.open(path, true)) {
            return new GgufNames(checkpoint, path.toString()).config();
        }
    }

    /** The q8_0 file has llama.cpp's own values (case.json); this test quantises the same weights. */
    @ParameterizedTest
    @CsvSource({"f32, false", "f32, true", "q8_0, false", "q8_0, true"})
    void tensorsEqualThoseOfHuggingFace(String type, boolean mapped) {
        try (Checkpoint expected = Checkpoint.open(TestData.path(HUGGING_FACE), true)) {
            read(TestData.path("golden_llama/gguf-llama3/model-" + type + ".gguf"), mapped, found -> {
                assertThat(found).containsOnlyKeys(expected.tensors().keySet());
                expected.tensors().forEach((name, tensor) -> {
                    Tensor same = type.equals("f32") || tensor.shape().size() == 1
                            ? tensor
                            : Tensor.of(name, DType.Q8_0, tensor.toFloats(), tensor.shape().get(0),
                                    tensor.shape().get(1));
                    assertThat(found.get(name).name()).isEqualTo(name);
                    assertThat(found.get(name).shape()).as(name).isEqualTo(same.shape());
                    assertThat(found.get(name).dtype()).as(name).isEqualTo(same.dtype());
                    assertThat(found.get(name).data().mismatch(same.data())).as(name).isEqualTo(-1);
                });
            });
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"f32", "q8_0"})
    void configurationEqualsThatOfHuggingFace(String type) {
        Map<String, Object> found = config(TestData.path("golden_llama/gguf-llama3/model-" + type + ".gguf"));
        Map<String, Object> expected = TestData.json(HUGGING_FACE + "/config.json");
        assertThat((Double) found.get("rms_norm_eps")).isEqualTo(1e-5f);
        for (String key : List.of("model_type", "hidden_act", "hidden_size", "intermediate_size", "num_hidden_layers",
                "num_attention_heads", "num_key_value_heads", "head_dim", "rope_theta", "max_position_embeddings",
                "vocab_size", "tie_word_embeddings", "bos_token_id", "attention_bias", "mlp_bias")) {
            assertThat(found.get(key)).as(key).isEqualTo(expected.get(key));
        }
        assertThat(found).containsEntry("eos_token_id", 103L); // the file has only the first of them
        assertThat(found).containsKeys("rope_scaling", "rms_norm_eps").hasSize(18);
    }

    /** llama.cpp's keys become keys of generation_config.json, which a model uses unless that file has some. */
    @Test
    void samplingOptionsBecomeThoseOfHuggingFace() throws IOException {
        Path file = write(small("qwen3").key("general.sampling.temp", 0.5f)
                .key("general.sampling.top_k", GgufFile.I32, 20).key("general.sampling.top_p", 0.75f)
                .key("general.sampling.min_p", 0.25f).key("general.sampling.penalty_repeat", 1.5f)
                .key("general.sampling.mirostat", GgufFile.I32, 0));
        try (Checkpoint checkpoint = Checkpoint.open(file, true)) {
            assertThat(new GgufNames(checkpoint, "m.gguf").generation()).isEqualTo(Map.of("do_sample", true,
                    "temperature", 0.5, "top_k", 20L, "top_p", 0.75, "min_p", 0.25, "repetition_penalty", 1.5));
            SamplingOptions sampling = ModelTensors.of(checkpoint, "m.gguf").generation().sampling();
            assertThat(sampling).isEqualTo(SamplingOptions.defaults().withTemperature(0.5f).withTopK(20)
                    .withTopP(0.75f).withMinP(0.25f).withRepetitionPenalty(1.5f));
        }
        Path wrong = write(small("qwen3").key("general.sampling.top_p", 1.5f));
        try (Checkpoint checkpoint = Checkpoint.open(wrong, true)) {
            assertThatThrownBy(() -> ModelTensors.of(checkpoint, "m.gguf").generation().sampling())
                    .hasMessageContaining("m.gguf: general.sampling: topP: expected above 0 and at most 1, found 1.5");
        }
        try (Checkpoint checkpoint = Checkpoint.open(write(small("llama")), true)) {
            assertThat(ModelTensors.of(checkpoint, "m.gguf").generation().sampling()).isNull();
        }
    }

    @Test
    void factorsDivideTheFrequencies() {
        Map<String, Object> config = config(TestData.path("golden_llama/gguf-llama3/model-f32.gguf"));
        Map<String, Object> scaling = Json.object(config.get("rope_scaling"), "rope_scaling");
        assertThat(scaling).containsOnlyKeys("rope_type", "factors").containsEntry("rope_type", "gguf_factors");
        List<Object> factors = Json.array(scaling.get("factors"), "factors");
        List<Object> expected =
                Json.array(TestData.json(HUGGING_FACE + "/case.json").get("rope_inv_freq"), "rope_inv_freq");
        assertThat(factors).hasSameSizeAs(expected);
        for (int i = 0; i < factors.size(); i++) {
            double frequency = Math.pow(500000, -2.0 * i / 16) / (Double) factors.get(i);
            assertThat(frequency / ((Number) expected.get(i)).doubleValue()).as("pair %d", i)
                    .isBetween(1 - 1e-6, 1 + 1e-6);
        }
    }

    /** Tests that factors of 1, which files without scaling may have, leave a plain rope_theta. */
    @Test
    void factorsOfOneAreNoScaling() throws IOException {
        float[] ones = {1, 1};
        assertThat(config(write(small("llama").floats("rope_freqs.weight", ones, 2))))
                .doesNotContainKey("rope_scaling");
        assertThat(config(write(small("llama").key("llama.rope.scaling.type", "linear")
                .key("llama.rope.scaling.factor", 2f).floats("rope_freqs.weight", ones, 2))).get("rope_scaling"))
                .isEqualTo(Map.of("rope_type", "linear", "factor", 2.0));
        assertThat(config(write(small("llama").floats("rope_freqs.weight", new float[] {1, 2}, 2))))
                .containsKey("rope_scaling");
    }

    /** Returns a file with 4 heads of 4 elements, 2 key heads, width 256, and no block. */
    private static GgufFile small(String architecture) {
        return new GgufFile().key("general.architecture", architecture).key(architecture + ".context_length", 64)
                .key(architecture + ".embedding_length", 256).key(architecture + ".block_count", 1)
                .key(architecture + ".feed_forward_length", 512).key(architecture + ".attention.head_count", 4)
                .key(architecture + ".attention.head_count_kv", 2).key(architecture + ".attention.key_length", 4)
                .key(architecture + ".attention.layer_norm_rms_epsilon", 1e-6f);
    }

    private Path write(GgufFile file) throws IOException {
        return Files.write(folder.resolve("m.gguf"), file.make());
    }

    /** Restores the halves of a head: row s · 2 + i of a head is row 2i + s in the file: 0, 2, 1, 3. */
    private static float[] inHalves(float[] rows, int columns) {
        float[] moved = new float[rows.length];
        for (int row = 0; row < rows.length / columns; row++) {
            int from = row / 4 * 4 + new int[] {0, 2, 1, 3}[row % 4];
            System.arraycopy(rows, from * columns, moved, row * columns, columns);
        }
        return moved;
    }

    @ParameterizedTest
    @CsvSource({"llama, true", "qwen2, false", "qwen3, false"})
    void queryAndKeyRowsAndBiasesMoveInLlamaOnly(String architecture, boolean moved) throws IOException {
        float[] queries = TestNumbers.uniform(new Random(1), 16 * 256);
        float[] keys = TestNumbers.uniform(new Random(2), 8 * 256);
        float[] bias = TestNumbers.uniform(new Random(3), 16);
        Path file = write(small(architecture).floats("blk.0.attn_q.weight", queries, 16, 256)
                .floats("blk.0.attn_k.weight", keys, 8, 256).floats("blk.0.attn_v.weight", keys, 8, 256)
                .floats("blk.0.attn_q.bias", bias, 16).floats("blk.0.attn_q_norm.weight", new float[] {1, 2, 3, 4}, 4));
        read(file, false, found -> {
            String prefix = "model.layers.0.self_attn.";
            assertThat(found.get(QUERIES).toFloats()).isEqualTo(moved ? inHalves(queries, 256) : queries);
            assertThat(found.get(prefix + "k_proj.weight").toFloats()).isEqualTo(moved ? inHalves(keys, 256) : keys);
            assertThat(found.get(prefix + "v_proj.weight").toFloats()).isEqualTo(keys);
            assertThat(found.get(prefix + "q_proj.bias").toFloats()).isEqualTo(moved ? inHalves(bias, 1) : bias);
            assertThat(found.get(prefix + "q_norm.weight").toFloats()).containsExactly(1, 2, 3, 4);
        });
        assertThat(config(file).get("attention_bias")).isEqualTo(architecture.equals("qwen2") ? null : true);
    }

    @Test
    void quantisedRowsMoveAsAWhole() throws IOException {
        byte[] blocks = new byte[16 * 144];
        new Random(4).nextBytes(blocks);
        for (int row = 0; row < 16; row++) {
            blocks[row * 144 + 1] = 0x2c;
            blocks[row * 144 + 3] = 0x28; // upper bytes of small scales
        }
        Path file = write(small("llama").tensor("blk.0.attn_q.weight", 12, blocks, 16, 256));
        float[] order = inHalves(new float[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, 1);
        byte[] expected = new byte[blocks.length];
        for (int row = 0; row < 16; row++) {
            System.arraycopy(blocks, 144 * (int) order[row], expected, 144 * row, 144);
        }
        for (boolean mapped : new boolean[] {false, true}) {
            long before = NativeMemory.allocatedBytes();
            read(file, mapped, found -> {
                assertThat(found.get(QUERIES).dtype()).isEqualTo(DType.Q4_K);
                assertThat(found.get(QUERIES).data().mismatch(MemorySegment.ofArray(expected))).isEqualTo(-1);
                assertThat(NativeMemory.allocatedBytes()).isEqualTo(before + 16 * 144);
            });
        }
    }

    /** IQ4_NL: 32 elements are an f16 scale times integers of a table, given by halves of 16 bytes. */
    @Test
    void nonLinearWeightsKeepTheirNumbers() throws IOException {
        int[] table = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
        int blockCount = 21 * 2;
        byte[] blocks = new byte[blockCount * 18];
        new Random(5).nextBytes(blocks);
        float[] expected = new float[blockCount * 32];
        for (int block = 0; block < blockCount; block++) {
            short scale = Float.floatToFloat16((block - 9) * 0.037f);
            blocks[18 * block] = (byte) scale;
            blocks[18 * block + 1] = (byte) (scale >> 8);
            for (int i = 0; i < 32; i++) {
                int index = blocks[18 * block + 2 + i % 16] >> (i < 16 ? 0 : 4) & 15;
                expected[32 * block + i] = Float.float16ToFloat(scale) * table[index];
            }
        }
        Path file = write(small("llama").tensor("blk.0.ffn_up.weight", 20, blocks, 21, 64));
        for (boolean mapped : new boolean[] {false, true}) {
            read(file, mapped, found -> {
                Tensor weights = found.get("model.layers.0.mlp.up_proj.weight");
                assertThat(weights.dtype()).isEqualTo(DType.Q8_0);
                assertThat(weights.shape()).containsExactly(21L, 64L);
                assertThat(weights.toFloats()).isEqualTo(expected);
            });
        }
    }

    /**
     * Returns a file with 9 heads of 22 elements and 3 key heads: 198 and 66 rows, so panels of 64 rows end inside
     * heads.
     */
    private static GgufFile wide(int type, Function<Integer, byte[]> rows, long columns) {
        GgufFile file = new GgufFile().key("general.architecture", "llama").key("llama.context_length", 64)
                .key("llama.embedding_length", (int) columns).key("llama.block_count", 1)
                .key("llama.feed_forward_length", 512).key("llama.attention.head_count", 9)
                .key("llama.attention.head_count_kv", 3).key("llama.attention.key_length", 22)
                .key("llama.attention.layer_norm_rms_epsilon", 1e-6f);
        return file.tensor("blk.0.attn_q.weight", type, rows.apply(198), 198, columns)
                .tensor("blk.0.attn_k.weight", type, rows.apply(66), 66, columns);
    }

    /** Converts stored pairs to halves: element i of half h of a head is stored at 2i + h. */
    private static float[] halves(float[] stored, int columns) {
        float[] halves = new float[stored.length];
        for (int head = 0; head < stored.length / columns / 22; head++) {
            for (int half = 0; half < 2; half++) {
                for (int i = 0; i < 11; i++) {
                    System.arraycopy(stored, (head * 22 + 2 * i + half) * columns,
                            halves, (head * 22 + half * 11 + i) * columns, columns);
                }
            }
        }
        return halves;
    }

    @ParameterizedTest
    @CsvSource({"0, 40, 160", "8, 64, 68", "12, 256, 144", "14, 256, 210"}) // f32, q8_0, q4_K, q6_K
    void anySliceOfPairedRowsIsAsInTheWhole(int type, int columns, int rowBytes) throws IOException {
        int seed = 31 * type + 5;
        Random random = new Random(seed);
        Path path = write(wide(type, rows -> blocks(random, type, rows, rowBytes), columns));
        for (boolean mapped : new boolean[] {false, true}) {
            try (Checkpoint checkpoint = Checkpoint.open(path, mapped); NativeMemory memory = NativeMemory.confined()) {
                GgufNames gguf = new GgufNames(checkpoint, path.toString());
                for (String part : List.of("q", "k")) {
                    Tensor stored = checkpoint.tensors().get("blk.0.attn_" + part + ".weight");
                    float[] expected = halves(checkpoint.whole(stored, memory).toFloats(), columns);
                    Tensor tensor = gguf.tensors().get("model.layers.0.self_attn." + part + "_proj.weight");
                    String what = "seed " + seed + ", " + part + ", mapped " + mapped;
                    assertThat(gguf.whole(tensor, memory).toFloats()).as(what).isEqualTo(expected);
                    for (int size : new int[] {1, 64, 65, 100}) {
                        assertSlicesAre(expected, gguf, tensor, size, what);
                    }
                }
            }
        }
    }

    /** Returns random rows of f32, or of blocks with small scales. */
    private static byte[] blocks(Random random, int type, int rows, int rowBytes) {
        if (type == 0) {
            return GgufFile.bytes(IntStream.range(0, rows * rowBytes / 4).mapToObj(i -> random.nextFloat()).toArray());
        }
        byte[] bytes = new byte[rows * rowBytes];
        random.nextBytes(bytes);
        int block = type == 8 ? 34 : rowBytes;
        for (int at = 0; at < bytes.length; at += block) {
            bytes[at + (type == 14 ? 209 : 1)] = 0x2c;
            if (type == 12) {
                bytes[at + 3] = 0x28;
            }
        }
        return bytes;
    }

    private static void assertSlicesAre(float[] whole, TensorReader reader, Tensor tensor, int size, String what) {
        int rows = (int) tensor.rowCount();
        int columns = whole.length / rows;
        for (int first = 0; first < rows; first += size) {
            int count = Math.min(size, rows - first);
            try (NativeMemory memory = NativeMemory.confined()) {
                Tensor slice = reader.rows(tensor, first, count, memory);
                assertThat(slice.shape()).containsExactly((long) count, (long) columns);
                assertThat(slice.toFloats()).as("%s, %d rows from %d", what, count, first)
                        .isEqualTo(Arrays.copyOfRange(whole, first * columns, (first + count) * columns));
            }
        }
    }

    @Test
    void keysAreConvertedToThoseOfConfigJson() throws IOException {
        Map<String, Object> config = config(write(small("qwen2").key("qwen2.rope.freq_base", 1e6f)
                .key("qwen2.rope.scaling.type", "yarn").key("qwen2.rope.scaling.factor", 4f)
                .key("qwen2.rope.scaling.original_context_length", 32).key("qwen2.rope.scaling.yarn_beta_fast", 8f)
                .key("tokenizer.ggml.eos_token_id", 7).key("tokenizer.ggml.eot_token_id", 9)
                .key("tokenizer.ggml.eom_token_id", 7)
                .floats("token_embd.weight", new float[512], 2, 256).floats("output.weight", new float[512], 2, 256)));
        assertThat(config).containsEntry("model_type", "qwen2").containsEntry("hidden_size", 256L)
                .containsEntry("intermediate_size", 512L).containsEntry("num_hidden_layers", 1L)
                .containsEntry("num_attention_heads", 4L).containsEntry("num_key_value_heads", 2L)
                .containsEntry("head_dim", 4L).containsEntry("max_position_embeddings", 64L)
                .containsEntry("vocab_size", 2L).containsEntry("tie_word_embeddings", false)
                .containsEntry("rope_theta", 1e6).containsEntry("rms_norm_eps", (double) 1e-6f)
                .containsEntry("eos_token_id", List.of(7L, 9L)).doesNotContainKey("bos_token_id")
                .containsEntry("rope_scaling", Map.of("rope_type", "yarn", "factor", 4.0,
                        "original_max_position_embeddings", 32L, "beta_fast", 8.0));
        assertThat(config(write(small("llama").key("tokenizer.ggml.eos_token_id", 1)
                .key("tokenizer.ggml.tokens", GgufFile.ARRAY, GgufFile.STRING, 3L, "a", "b", "<end_of_turn>"))))
                .containsEntry("eos_token_id", List.of(1L, 2L));
        assertThat(config(write(small("llama")))).containsEntry("rope_theta", 10000.0)
                .containsEntry("tie_word_embeddings", true).doesNotContainKeys("rope_scaling", "eos_token_id");
        assertThat(config(write(small("llama").key("llama.rope.scaling.type", "none"))))
                .doesNotContainKey("rope_scaling");
        for (GgufFile file : List.of(small("llama").key("llama.rope.scale_linear", 2f),
                small("llama").key("llama.rope.scaling.type", "linear").key("llama.rope.scaling.factor", 2f))) {
            assertThat(config(write(file))).containsEntry("rope_scaling", Map.of("rope_type", "linear", "factor", 2.0));
        }
    }

    private void assertRefused(GgufFile file, String expected) throws IOException {
        Path path = write(file);
        assertThatThrownBy(() -> config(path)).isInstanceOf(ModelFormatException.class)
                .hasMessage(path + ": " + expected);
    }

    @Test
    void unsupportedModelsAreRefused() throws IOException {
        String architectures = "general.architecture: expected one of"
                + " [llama, qwen2, qwen3, qwen3moe, smollm3, granite, phi3, gemma2, gemma3, dragon],"
                + " found ";
        assertRefused(small("gemma"), architectures + "gemma");
        assertRefused(new GgufFile().key("k", 1), architectures + "none");
        assertRefused(small("llama").floats("blk.0.ffn_gate_inp.weight", new float[1], 1),
                "expected the tensors of a llama model, found blk.0.ffn_gate_inp.weight, which t6j has no place for");
        assertRefused(small("llama").floats("blk.0.attn_q.weight", new float[9], 9, 1),
                "blk.0.attn_q.weight: expected rows in pairs for each of 4 heads, found 9 rows");
        assertRefused(new GgufFile().key("general.architecture", "llama"),
                "llama.attention.head_count: expected a whole number, found no such key");
        assertRefused(small("llama").key("llama.attention.value_length", 5),
                "llama.attention.value_length: expected the size of a key's head, 4, found 5");
        assertRefused(small("llama").key("llama.rope.dimension_count", 2),
                "llama.rope.dimension_count: expected the size of a key's head, 4, found 2");
        assertRefused(small("llama").key("llama.rope.freq_base", "x"),
                "llama.rope.freq_base: expected a number, found text or an array");
        assertRefused(small("llama").key("llama.rope.scaling.type", "yarn").key("llama.rope.scaling.attn_factor", 2f),
                "llama.rope.scaling.attn_factor: expected 1 or none, found 2.0");
        assertRefused(new GgufFile().key("general.architecture", "gemma3").key("gemma3.attention.head_count", 4)
                .key("gemma3.embedding_length", 256).key("gemma3.feed_forward_length", 512)
                .key("gemma3.block_count", 70_000),
                "gemma3.block_count: expected at most 65536, found 70000");
        assertRefused(new GgufFile().key("general.architecture", "llama").key("llama.attention.head_count", 0),
                "llama.attention.head_count: expected a whole number from 1 to 2147483647, found 0");
        assertRefused(
                new GgufFile().key("general.architecture", "llama")
                        .key("llama.attention.head_count", GgufFile.ARRAY, GgufFile.U32, 1L, 4),
                "llama.attention.head_count: expected a whole number, found text or an array");
    }

    /** Each expert of a stacked tensor gets a name, so their number is limited, in all tensors together. */
    @Test
    void tooManyExpertsAreRefused() throws IOException {
        int most = 1 << 17;
        GgufFile file = small("dragon").key("dragon.layer_types", "M").key("dragon.num_signal_heads", 2)
                .key("dragon.tpa_rank", 1).key("dragon.expert_count", most).key("dragon.expert_used_count", 1)
                .key("dragon.expert_feed_forward_length", 1)
                .floats("blk.0.ffn_up_exps.weight", new float[most], most, 1, 1);
        try (Checkpoint checkpoint = Checkpoint.open(write(file), true)) {
            assertThat(ModelTensors.of(checkpoint, "m.gguf").tensors().count()).isEqualTo(most);
        }
        file.floats("blk.0.ffn_down_exps.weight", new float[most + 1], most + 1, 1, 1);
        try (Checkpoint checkpoint = Checkpoint.open(write(file), true)) {
            assertThatThrownBy(() -> ModelTensors.of(checkpoint, "m.gguf")).isInstanceOf(ModelFormatException.class)
                    .hasMessageContaining("m.gguf: model.layers.0.mlp.experts.output_experts.weight: expected sizes"
                            + " from 1, and at most 262144 tensors with those of all experts, found shape"
                            + " [131073, 1, 1]");
        }
    }

    @Test
    void badFactorsAreRefused() throws IOException {
        assertRefused(small("llama").floats("rope_freqs.weight", new float[] {1, 0}, 2),
                "rope_freqs.weight: expected finite factors above 0, found 0.0");
        assertRefused(small("llama").floats("rope_freqs.weight", new float[] {1, Float.NaN}, 2),
                "rope_freqs.weight: expected finite factors above 0, found NaN");
        assertRefused(small("llama").floats("rope_freqs.weight", new float[] {1}, 1),
                "rope_freqs.weight: expected 2 factors, half a head, found 1");
        assertRefused(small("llama").floats("rope_freqs.weight", new float[] {1, 1}, 2, 1),
                "rope_freqs.weight: expected a factor for each pair of elements of a head, found shape [2, 1]");
        assertRefused(
                small("llama").key("llama.rope.scaling.type", "yarn").floats("rope_freqs.weight", new float[] {1, 2},
                        2),
                "rope_freqs.weight: expected no such tensor together with llama.rope.scaling.type, found yarn");
    }
}
