package io.github.t6j.cli.formats;

import io.github.t6j.weights.DType;
import io.github.t6j.weights.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Writes a model of the Llama family as llama.cpp's converter does. */
final class GgufWriter {
    private static final int ALIGNMENT = 32;
    private static final Map<DType, Integer> TYPES = Map.ofEntries(
            Map.entry(DType.F32, 0), Map.entry(DType.F16, 1), Map.entry(DType.Q4_0, 2), Map.entry(DType.Q4_1, 3),
            Map.entry(DType.Q5_0, 6), Map.entry(DType.Q5_1, 7), Map.entry(DType.Q8_0, 8), Map.entry(DType.Q4_K, 12),
            Map.entry(DType.Q5_K, 13), Map.entry(DType.Q6_K, 14), Map.entry(DType.BF16, 30));
    private static final Map<String, String> KEYS = Map.of(
            "num_hidden_layers", "block_count", "max_position_embeddings", "context_length", "hidden_size",
            "embedding_length", "intermediate_size", "feed_forward_length", "num_attention_heads",
            "attention.head_count", "num_key_value_heads", "attention.head_count_kv", "head_dim",
            "attention.key_length", "rms_norm_eps", "attention.layer_norm_rms_epsilon", "rope_theta",
            "rope.freq_base");
    /** Keys that only some architectures have. */
    private static final Map<String, String> MORE = Map.of(
            "embedding_multiplier", "embedding_scale", "attention_multiplier", "attention.scale",
            "residual_multiplier", "residual_scale", "logits_scaling", "logit_scale",
            "sliding_window", "attention.sliding_window", "sliding_window_pattern", "attention.sliding_window_pattern",
            "attn_logit_softcapping", "attn_logit_softcapping", "final_logit_softcapping", "final_logit_softcapping",
            "rope_local_base_freq", "rope.freq_base_swa", "original_max_position_embeddings",
            "rope.scaling.original_context_length");
    private static final Map<String, String> PARTS = Map.ofEntries(
            Map.entry("model.embed_tokens", "token_embd"), Map.entry("model.norm", "output_norm"),
            Map.entry("lm_head", "output"), Map.entry("score", "cls.output"), Map.entry("input_layernorm", "attn_norm"),
            Map.entry("self_attn.q_proj", "attn_q"), Map.entry("self_attn.k_proj", "attn_k"),
            Map.entry("self_attn.v_proj", "attn_v"), Map.entry("self_attn.o_proj", "attn_output"),
            Map.entry("self_attn.q_norm", "attn_q_norm"), Map.entry("self_attn.k_norm", "attn_k_norm"),
            Map.entry("post_attention_layernorm", "ffn_norm"), Map.entry("mlp.gate_proj", "ffn_gate"),
            Map.entry("mlp.up_proj", "ffn_up"), Map.entry("mlp.down_proj", "ffn_down"),
            Map.entry("self_attn.qkv_proj", "attn_qkv"), Map.entry("mlp.gate_up_proj", "ffn_up"),
            Map.entry("mlp.gate", "ffn_gate_inp"), Map.entry("block_sparse_moe.gate", "ffn_gate_inp"),
            Map.entry("gate_proj", "ffn_gate_exps"), Map.entry("up_proj", "ffn_up_exps"),
            Map.entry("down_proj", "ffn_down_exps"), Map.entry("w1", "ffn_gate_exps"),
            Map.entry("w3", "ffn_up_exps"), Map.entry("w2", "ffn_down_exps"));
    private static final Map<String, String> EXPERT_KEYS = Map.of(
            "num_experts", "expert_count", "num_local_experts", "expert_count", "num_experts_per_tok",
            "expert_used_count", "moe_intermediate_size", "expert_feed_forward_length");
    private static final Pattern EXPERT = Pattern.compile("(.*\\.experts\\.)(\\d+)(\\..*)");
    private static final Map<String, String> GEMMA_PARTS = Map.of(
            "post_attention_layernorm", "post_attention_norm", "pre_feedforward_layernorm", "ffn_norm",
            "post_feedforward_layernorm", "post_ffw_norm");

    private final Map<String, Object> config;
    private final String architecture;
    private final ByteArrayOutputStream head = new ByteArrayOutputStream();
    private final ByteArrayOutputStream data = new ByteArrayOutputStream();

    private GgufWriter(Map<String, Object> config) {
        this.config = config;
        architecture = switch ((String) config.get("model_type")) {
            case "qwen3_moe" -> "qwen3moe";
            case "mixtral" -> "llama";
            case String type -> type.replace("_text", "");
        };
    }

    static void write(Path file, Map<String, Object> config, List<Tensor> tensors) throws IOException {
        Files.write(file, new GgufWriter(config).file(tensors));
    }

    private byte[] file(List<Tensor> weights) {
        List<Tensor> tensors = new ArrayList<>(weights);
        Map<String, Object> keys = new LinkedHashMap<>();
        keys.put("general.architecture", architecture);
        KEYS.forEach((ours, theirs) -> keys.put(architecture + "." + theirs, config.get(ours)));
        MORE.forEach((ours, theirs) -> {
            if (config.containsKey(ours)) {
                keys.put(architecture + "." + theirs, config.get(ours));
            }
        });
        EXPERT_KEYS.forEach((ours, theirs) -> {
            if (config.containsKey(ours)) {
                keys.put(architecture + "." + theirs, config.get(ours));
            }
        });
        if (config.get("rope_scaling") instanceof Map<?, ?> longrope) {
            double part = (Double) config.get("partial_rotary_factor");
            keys.put(architecture + ".rope.dimension_count", (long) (part * (Long) config.get("head_dim")));
            keys.put(architecture + ".rope.scaling.attn_factor", longrope.get("attention_factor"));
            tensors.add(factors("rope_factors_short", (List<?>) longrope.get("short_factor")));
            tensors.add(factors("rope_factors_long", (List<?>) longrope.get("long_factor")));
        }
        if (config.get("id2label") instanceof Map<?, ?> labels) {
            keys.put(architecture + ".classifier.output_labels", List.copyOf(labels.values()));
        }
        if (tensors.getLast().name().startsWith("score.")) {
            keys.put(architecture + ".pooling_type", 4L);
        }
        Map<String, List<Tensor>> stacked = stacked(tensors);
        head.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
        number(4, 3);
        number(8, stacked.size());
        number(8, keys.size());
        keys.forEach(this::key);
        stacked.forEach(this::tensor);
        pad(head);
        head.writeBytes(data.toByteArray());
        return head.toByteArray();
    }

    private static Tensor factors(String name, List<?> numbers) {
        float[] factors = new float[numbers.size()];
        for (int i = 0; i < factors.length; i++) {
            factors[i] = ((Double) numbers.get(i)).floatValue();
        }
        return Tensor.of(name + ".weight", factors, factors.length);
    }

    /** Returns the matrices of all experts by the name of their tensor, and each other tensor alone by its name. */
    private Map<String, List<Tensor>> stacked(List<Tensor> tensors) {
        Map<String, List<Tensor>> stacked = new LinkedHashMap<>();
        for (Tensor tensor : tensors) {
            Matcher expert = EXPERT.matcher(tensor.name());
            String name = expert.matches() ? expert.group(1) + expert.group(3).substring(1) : tensor.name();
            stacked.computeIfAbsent(name(name), key -> new ArrayList<>()).add(tensor);
        }
        return stacked;
    }

    private void key(String name, Object value) {
        text(name);
        switch (value) {
            case String word -> {
                number(4, 8);
                text(word);
            }
            case Long whole -> {
                number(4, 4);
                number(4, whole);
            }
            case Double fraction -> {
                number(4, 6);
                number(4, Float.floatToRawIntBits(fraction.floatValue()));
            }
            case List<?> texts -> {
                number(4, 9);
                number(4, 8);
                number(8, texts.size());
                texts.forEach(text -> text((String) text));
            }
            default -> throw new IllegalArgumentException(name + ": " + value);
        }
    }

    /**
     * Writes a tensor. Vectors are f32, gains of Gemma have the 1 added; if RoPE of the architecture rotates
     * neighbouring pairs, rows of queries and keys are paired.
     */
    private void tensor(String name, List<Tensor> matrices) {
        Tensor tensor = matrices.getFirst();
        float[] vector = tensor.shape().size() == 1 ? tensor.toFloats() : null;
        int gains = vector != null && architecture.startsWith("gemma") ? vector.length : 0;
        for (int i = 0; i < gains; i++) {
            vector[i] += 1f;
        }
        Tensor stored = vector != null ? Tensor.of(tensor.name(), vector, vector.length) : tensor;
        boolean areExperts = name.contains("_exps");
        text(name);
        number(4, stored.shape().size() + (areExperts ? 1 : 0));
        stored.shape().reversed().forEach(size -> number(8, size));
        if (areExperts) {
            number(8, matrices.size());
        }
        number(4, TYPES.get(stored.dtype()));
        number(8, data.size());
        byte[] elements = stored.data().toArray(ValueLayout.JAVA_BYTE);
        data.writeBytes(List.of("llama", "granite").contains(architecture)
                && tensor.name().matches(".*self_attn\\.[qk]_proj\\..*")
                        ? paired(elements, Math.toIntExact(stored.rowCount()))
                        : elements);
        matrices.subList(1, matrices.size())
                .forEach(next -> data.writeBytes(next.data().toArray(ValueLayout.JAVA_BYTE)));
        pad(data);
    }

    /** Returns rows in pairs: row i of the first half of a head, then row i of the second half. */
    private byte[] paired(byte[] elements, int rows) {
        int headDim = Math.toIntExact((Long) config.get("head_dim"));
        int bytes = elements.length / rows;
        byte[] moved = new byte[elements.length];
        for (int row = 0; row < rows; row++) {
            int inHead = row % headDim;
            int to = row - inHead + 2 * (inHead % (headDim / 2)) + inHead / (headDim / 2);
            System.arraycopy(elements, row * bytes, moved, to * bytes, bytes);
        }
        return moved;
    }

    /** Returns the name in the file, such as blk.0.attn_q.weight for model.layers.0.self_attn.q_proj.weight. */
    private String name(String name) {
        if (name.startsWith("rope_factors")) {
            return name;
        }
        String kind = name.substring(name.lastIndexOf('.'));
        String part = name.substring(0, name.length() - kind.length());
        if (!part.startsWith("model.layers.")) {
            return PARTS.get(part) + kind;
        }
        String[] words = part.replaceFirst("(mlp|block_sparse_moe)\\.experts\\.", "").split("\\.", 4);
        String gemmaPart = architecture.startsWith("gemma") ? GEMMA_PARTS.get(words[3]) : null;
        return "blk." + words[2] + "." + (gemmaPart == null ? PARTS.get(words[3]) : gemmaPart) + kind;
    }

    private void text(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        number(8, bytes.length);
        head.writeBytes(bytes);
    }

    private void number(int bytes, long number) {
        head.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(number).array(), 0, bytes);
    }

    private static void pad(ByteArrayOutputStream bytes) {
        bytes.writeBytes(new byte[-bytes.size() & ALIGNMENT - 1]);
    }
}
