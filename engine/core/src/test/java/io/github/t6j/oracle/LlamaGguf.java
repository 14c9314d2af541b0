package io.github.t6j.oracle;

import io.github.t6j.TestData;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.GgufFile;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * GGUF files of the architectures llama, qwen2, qwen3 and qwen3moe, as llama.cpp stores such models, and the same
 * models as Hugging Face has them. A head's rows of queries and keys stand in pairs in a file of architecture llama:
 * row 2i + s is row s · headDim/2 + i of Hugging Face.
 */
public final class LlamaGguf {
    /** From the names of Hugging Face to those of llama.cpp, without layer and suffix. */
    private static final Map<String, String> NAMES = Map.ofEntries(
            Map.entry("model.embed_tokens", "token_embd"), Map.entry("model.norm", "output_norm"),
            Map.entry("lm_head", "output"), Map.entry("input_layernorm", "attn_norm"),
            Map.entry("post_attention_layernorm", "ffn_norm"), Map.entry("self_attn.q_proj", "attn_q"),
            Map.entry("self_attn.k_proj", "attn_k"), Map.entry("self_attn.v_proj", "attn_v"),
            Map.entry("self_attn.o_proj", "attn_output"), Map.entry("self_attn.q_norm", "attn_q_norm"),
            Map.entry("self_attn.k_norm", "attn_k_norm"), Map.entry("mlp.gate_proj", "ffn_gate"),
            Map.entry("mlp.up_proj", "ffn_up"), Map.entry("mlp.down_proj", "ffn_down"));
    private static final Map<String, String> BACK =
            NAMES.entrySet().stream().collect(Collectors.toMap(Map.Entry::getValue, Map.Entry::getKey));

    private LlamaGguf() {}

    /** Writes the weights of a folder of Hugging Face, f32, as {@code file}. */
    public static void write(Path folder, Path file) throws IOException {
        write(folder, file, new GgufFile());
    }

    /** Writes the weights of a folder as {@code file}. @param gguf has further keys */
    public static void write(Path folder, Path file, GgufFile gguf) throws IOException {
        Map<String, Object> config = TestData.json(folder.resolve("config.json"));
        String type = (String) config.get("model_type");
        gguf.key("general.architecture", type);
        String[][] keys = {
            {"context_length", "max_position_embeddings"}, {"embedding_length", "hidden_size"},
            {"block_count", "num_hidden_layers"}, {"feed_forward_length", "intermediate_size"},
            {"attention.head_count", "num_attention_heads"}, {"attention.head_count_kv", "num_key_value_heads"}};
        for (String[] key : keys) {
            gguf.key(type + "." + key[0], ((Number) config.get(key[1])).intValue());
        }
        gguf.key(type + ".attention.layer_norm_rms_epsilon", ((Number) config.get("rms_norm_eps")).floatValue());
        gguf.key(type + ".rope.freq_base", ((Number) config.get("rope_theta")).floatValue());
        try (Checkpoint checkpoint = Checkpoint.open(folder, false)) {
            int heads = ((Number) config.get("num_attention_heads")).intValue();
            int rows = Math.toIntExact(
                    checkpoint.tensors().get("model.layers.0.self_attn.q_proj.weight").shape().getFirst());
            gguf.key(type + ".attention.key_length", rows / heads);
            for (Tensor tensor : checkpoint.tensors().values()) {
                float[] elements = tensor.toFloats();
                long[] shape = tensor.shape().stream().mapToLong(size -> size).toArray();
                if (isPaired(type, tensor.name())) {
                    elements = rowsMoved(elements, (int) shape[0], rows / heads, true);
                }
                gguf.floats(renamed(tensor.name(), "model.layers.", NAMES, "blk."), elements, shape);
            }
        }
        Files.write(file, gguf.make());
    }

    /**
     * The model in a file.
     *
     * @param config config.json of the same model
     */
    public static LlamaReference reference(Path file, Map<String, Object> config) {
        Weights stored = Weights.read(file);
        String type = architecture(file);
        int rows = stored.size("blk.0.attn_q.weight", 0);
        int headDim = rows / ((Number) config.get("num_attention_heads")).intValue();
        Weights weights = new Weights();
        for (String name : stored.names()) {
            String other = ofHuggingFace(name);
            float[] elements = stored.floats(name);
            weights.put(other, isPaired(type, other)
                    ? rowsMoved(elements, stored.size(name, 0), headDim, false)
                    : elements, stored.shape(name));
        }
        Map<String, Object> rounded = new TreeMap<>(config); // a file has f32
        rounded.put("rms_norm_eps", ((Number) config.get("rms_norm_eps")).floatValue());
        return new LlamaReference(weights, rounded);
    }

    /** Types of a file's tensors by the names of Hugging Face. */
    static Map<String, DType> types(Path file) {
        try (Checkpoint checkpoint = Checkpoint.open(file, true)) {
            Map<String, DType> types = new TreeMap<>();
            checkpoint.tensors().forEach((name, tensor) -> types.put(ofHuggingFace(name), tensor.dtype()));
            return types;
        }
    }

    private static String architecture(Path file) {
        try (Checkpoint checkpoint = Checkpoint.open(file, true)) {
            return (String) checkpoint.gguf().get("general.architecture");
        }
    }

    private static boolean isPaired(String architecture, String name) {
        return architecture.equals("llama") && (name.contains("q_proj") || name.contains("k_proj"));
    }

    private static String renamed(String name, String oldBlock, Map<String, String> names, String newBlock) {
        Matcher parts =
                Pattern.compile("(?:" + Pattern.quote(oldBlock) + "(\\d+)\\.)?(.+)\\.(weight|bias)").matcher(name);
        if (!parts.matches() || !names.containsKey(parts.group(2))) {
            throw new IllegalArgumentException("no other name of " + name);
        }
        String layer = parts.group(1) == null ? "" : newBlock + parts.group(1) + ".";
        return layer + names.get(parts.group(2)) + "." + parts.group(3);
    }

    private static String ofHuggingFace(String name) {
        return renamed(name, "blk.", BACK, "model.layers.");
    }

    /** @param toPairs true for the order of llama.cpp, false for that of Hugging Face */
    private static float[] rowsMoved(float[] elements, int rows, int headDim, boolean toPairs) {
        int columns = elements.length / rows;
        float[] moved = new float[elements.length];
        for (int row = 0; row < rows; row++) {
            int inHead = row % headDim;
            int other = row - inHead + inHead % 2 * (headDim / 2) + inHead / 2; // of Hugging Face, where row is paired
            System.arraycopy(elements, (toPairs ? other : row) * columns, moved, (toPairs ? row : other) * columns,
                    columns);
        }
        return moved;
    }
}
