package io.github.t6j.jmh.peer;

import io.github.t6j.json.Json;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.safetensors.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Folder in Hugging Face's layout of the model that {@link LlamaFile} writes: the same weights, in bf16. */
final class LlamaFolder {
    /** Tokenizer that no test uses, but whose file an engine reads. */
    private static final String TOKENIZER = """
            {"added_tokens": [], "model": {"type": "BPE", "unk_token": null, "fuse_unk": false, "byte_fallback": true,
             "ignore_merges": false, "vocab": {"a": 0}, "merges": []}}
            """;

    private final List<LazyTensor> tensors = new ArrayList<>();

    private LlamaFolder() {}

    /** Writes a model; {@code folder} is new. */
    static void write(Path folder, PeerShape shape) throws IOException {
        Files.createDirectory(folder);
        Files.writeString(folder.resolve("config.json"), Json.write(config(shape)));
        Files.writeString(folder.resolve("tokenizer.json"), TOKENIZER);
        LlamaFolder content = new LlamaFolder();
        content.addTensors(shape);
        Safetensors.writeLazily(folder.resolve("model.safetensors"), Map.of("format", "pt"), content.tensors);
    }

    private static Map<String, Object> config(PeerShape shape) {
        return Map.ofEntries(Map.entry("architectures", List.of("LlamaForCausalLM")), Map.entry("model_type", "llama"),
                Map.entry("hidden_size", shape.width()), Map.entry("intermediate_size", shape.hidden()),
                Map.entry("num_attention_heads", shape.heads()), Map.entry("num_key_value_heads", shape.keyHeads()),
                Map.entry("num_hidden_layers", shape.layers()), Map.entry("vocab_size", shape.vocabulary()),
                Map.entry("max_position_embeddings", 32768), Map.entry("rms_norm_eps", 1e-5),
                Map.entry("rope_theta", 10000.0), Map.entry("hidden_act", "silu"), Map.entry("bos_token_id", 0),
                Map.entry("eos_token_id", 1), Map.entry("tie_word_embeddings", true),
                Map.entry("torch_dtype", "bfloat16"));
    }

    private void addTensors(PeerShape shape) {
        int width = shape.width();
        int queries = shape.heads() * shape.headDim();
        int keys = shape.keyHeads() * shape.headDim();
        add("model.embed_tokens", "token_embd", shape.vocabulary(), width);
        add("model.norm", "output_norm", width);
        for (int layer = 0; layer < shape.layers(); layer++) {
            String to = "model.layers." + layer + ".";
            String from = "blk." + layer + ".";
            add(to + "input_layernorm", from + "attn_norm", width);
            addHalves(to + "self_attn.q_proj", from + "attn_q", shape.headDim(), queries, width);
            addHalves(to + "self_attn.k_proj", from + "attn_k", shape.headDim(), keys, width);
            add(to + "self_attn.v_proj", from + "attn_v", keys, width);
            add(to + "self_attn.o_proj", from + "attn_output", width, queries);
            add(to + "post_attention_layernorm", from + "ffn_norm", width);
            add(to + "mlp.gate_proj", from + "ffn_gate", shape.hidden(), width);
            add(to + "mlp.up_proj", from + "ffn_up", shape.hidden(), width);
            add(to + "mlp.down_proj", from + "ffn_down", width, shape.hidden());
        }
    }

    private void add(String name, String from, long... sizes) {
        add(name, 0, from, sizes);
    }

    /** Adds rows of which RoPE rotates the halves of a head; in GGUF files of llama it rotates neighbours. */
    private void addHalves(String name, String from, int headDim, long... sizes) {
        add(name, headDim, from, sizes);
    }

    private void add(String name, int headDim, String from, long... sizes) {
        String full = name + ".weight";
        List<Long> shape = new ArrayList<>();
        int count = 1;
        for (long size : sizes) {
            shape.add(size);
            count = Math.multiplyExact(count, Math.toIntExact(size));
        }
        int elements = count;
        tensors.add(new LazyTensor(full, DType.BF16, List.copyOf(shape), arena -> {
            PeerShape.Block block = sizes.length == 1 ? PeerShape.Block.ONES : PeerShape.Block.RANDOM;
            float[] values = block.elements(from + ".weight", elements);
            return Tensor.of(full, DType.BF16, headDim == 0 ? values : halves(values, headDim, (int) sizes[1]), sizes)
                    .data();
        }));
    }

    /** Moves neighbouring rows 2i and 2i + 1 of a head to i and headDim/2 + i. */
    static float[] halves(float[] neighbours, int headDim, int width) {
        float[] moved = new float[neighbours.length];
        for (int row = 0; row < neighbours.length / width; row++) {
            int inHead = row % headDim;
            int to = row - inHead + inHead % 2 * (headDim / 2) + inHead / 2;
            System.arraycopy(neighbours, row * width, moved, to * width, width);
        }
        return moved;
    }
}
