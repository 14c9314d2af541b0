package io.github.t6j.family.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.Model;
import io.github.t6j.Session;
import io.github.t6j.TestData;
import io.github.t6j.weights.GgufFile;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Logits of a GGUF file of architecture smollm3, whose every fourth layer has no RoPE; the oracle is in float64. */
class SmolLm3FileTest {
    /** Tolerance of logits compared with float64. */
    private static final double TOLERANCE = 2e-4;
    private static final String GOLDEN = "golden_wide/smollm3-wide";
    private static final int HEAD_DIM = 44;
    private static final Map<String, String> NAMES = Map.ofEntries(
            Map.entry("model.embed_tokens", "token_embd"), Map.entry("model.norm", "output_norm"),
            Map.entry("input_layernorm", "attn_norm"), Map.entry("self_attn.q_proj", "attn_q"),
            Map.entry("self_attn.k_proj", "attn_k"), Map.entry("self_attn.v_proj", "attn_v"),
            Map.entry("self_attn.o_proj", "attn_output"), Map.entry("post_attention_layernorm", "ffn_norm"),
            Map.entry("mlp.gate_proj", "ffn_gate"), Map.entry("mlp.up_proj", "ffn_up"),
            Map.entry("mlp.down_proj", "ffn_down"));

    @TempDir
    Path folder;

    @Test
    void logitsEqualTheOracle() throws IOException {
        Path file = folder.resolve("model.gguf");
        Files.write(file, file().make());
        int[] ids = TestData.ints(TestData.json(GOLDEN + "/greedy.json").get("prompt"));
        int[] tokens = TestData.ints(TestData.json(GOLDEN + "/greedy.json").get("tokens"));
        double[] expected = TestData.doubles(GOLDEN + "/logits_f64.safetensors", "logits");
        try (Model model = Model.load(file); Session session = model.newSession()) {
            assertThat(model.info().attention().name()).isEqualTo("GQA (smollm3), 1 layers without RoPE");
            session.prefill(ids, (position, found) -> {
                for (int id = 0; id < found.length; id++) {
                    assertThat((double) found[id]).as("position " + position + " id " + id)
                            .isCloseTo(expected[position * found.length + id], within(TOLERANCE));
                }
            });
            for (int token : tokens) {
                assertThat(TestData.best(session.logits())).isEqualTo(token);
                session.step(token);
            }
        }
    }

    /** The golden model with the keys and rows that llama.cpp's conversion writes. */
    private static GgufFile file() {
        GgufFile gguf = new GgufFile().key("general.architecture", "smollm3").key("smollm3.block_count", 4)
                .key("smollm3.context_length", 65536).key("smollm3.embedding_length", 156)
                .key("smollm3.feed_forward_length", 200).key("smollm3.attention.head_count", 6)
                .key("smollm3.attention.head_count_kv", 3).key("smollm3.attention.key_length", HEAD_DIM)
                .key("smollm3.attention.value_length", HEAD_DIM).key("smollm3.rope.dimension_count", HEAD_DIM)
                .key("smollm3.rope.freq_base", 5e6f).key("smollm3.attention.layer_norm_rms_epsilon", 1e-6f);
        try (Checkpoint checkpoint = Checkpoint.open(TestData.path(GOLDEN), true)) {
            checkpoint.tensors().values().forEach(tensor -> gguf.floats(name(tensor.name()), elements(tensor),
                    tensor.shape().stream().mapToLong(size -> size).toArray()));
        }
        return gguf;
    }

    private static String name(String name) {
        String part = name.substring(0, name.lastIndexOf('.'));
        String[] words = part.split("\\.", 4);
        boolean isInBlock = words.length == 4;
        return (isInBlock ? "blk." + words[2] + "." + NAMES.get(words[3]) : NAMES.get(part)) + ".weight";
    }

    /** Rows of queries and keys, also of the layer that does not rotate, are in adjacent pairs. */
    private static float[] elements(Tensor tensor) {
        float[] elements = tensor.toFloats();
        if (!tensor.name().matches(".*[qk]_proj.weight")) {
            return elements;
        }
        int columns = Math.toIntExact(tensor.shape().get(1));
        float[] paired = new float[elements.length];
        for (int row = 0; row < elements.length / columns; row++) {
            int inHead = row % HEAD_DIM;
            int half = HEAD_DIM / 2;
            int to = row - inHead + 2 * (inHead % half) + inHead / half;
            System.arraycopy(elements, row * columns, paired, to * columns, columns);
        }
        return paired;
    }
}
