package io.github.t6j.oracle;

import io.github.t6j.RopeVariant;
import io.github.t6j.family.NewModel;
import io.github.t6j.family.VariantJson;
import io.github.t6j.family.VariantName;
import io.github.t6j.family.mlra.MlraConfig;
import io.github.t6j.family.t6.T6Config;
import io.github.t6j.family.t6.T6Config.Attention;
import io.github.t6j.json.Json;
import io.github.t6j.model.TensorSpec;
import io.github.t6j.random.SplitMix64;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.safetensors.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * A model to be made with seeded weights, wider than three panels of 64 rows; no size of it is a multiple of 64.
 *
 * @param config config.json
 * @param shapes of its tensors by name
 * @param reference the oracle of such weights
 */
record WideModel(
        String name, RopeVariant variant, Map<String, Object> config, Map<String, List<Long>> shapes,
        Function<Weights, Reference> reference) {
    static final int VOCABULARY = 277;

    /** Every attention of every family. */
    static List<WideModel> all() {
        List<WideModel> models = new ArrayList<>();
        t6(models);
        for (String name : List.of("tpa", "mha", "gqa", "mqa", "gta", "mfa", "mla", "gla-2", "gla-4", "mlra-2",
                "mlra-4")) {
            models.add(mlra(name));
        }
        models.add(llama("llama", 9, 3, 44, Map.of(
                "attention_bias", true, "mlp_bias", true, "tie_word_embeddings", false,
                "rope_scaling", Map.of("rope_type", "llama3", "factor", 8.0, "low_freq_factor", 1.0,
                        "high_freq_factor", 4.0, "original_max_position_embeddings", 64L))));
        models.add(llama("mistral", 8, 4, 36, Map.of("sliding_window", 70L)));
        models.add(llama("qwen2", 6, 3, 52, Map.of(
                "use_sliding_window", true, "sliding_window", 67L, "max_window_layers", 1L)));
        models.add(llama("qwen3", 7, 7, 44, Map.of("tie_word_embeddings", true)));
        models.add(llama("smollm3", 10, 2, 36, Map.of(
                "num_hidden_layers", 4L, "use_sliding_window", true, "sliding_window", 75L)));
        models.add(llama("qwen3_moe", 7, 7, 44, Map.of(
                "num_experts", 3L, "num_experts_per_tok", 2L, "moe_intermediate_size", 132L, "norm_topk_prob", false,
                "mlp_only_layers", List.of(0L))));
        models.add(llama("mixtral", 8, 4, 36, Map.of(
                "num_local_experts", 3L, "num_experts_per_tok", 2L, "sliding_window", 70L)));
        return models;
    }

    /** Small models with windows that are no multiples of 64: in all layers, and in those after the first. */
    static List<WideModel> windowed() {
        Map<String, Object> sizes = Map.of("hidden_size", 104L, "intermediate_size", 136L,
                "max_position_embeddings", 4096L, "num_hidden_layers", 3L);
        return List.of(
                llama("mistral", 6, 3, 20, both(sizes, Map.of("sliding_window", 70L))),
                llama("qwen2", 4, 2, 28, both(sizes, Map.of(
                        "use_sliding_window", true, "sliding_window", 67L, "max_window_layers", 1L))));
    }

    /** A model whose matrices, except those of attention's output, have rows of whole super-blocks of K-quants. */
    static WideModel ofWholeBlocks() {
        return llama("qwen3", 9, 3, 44, Map.of("hidden_size", 512L, "intermediate_size", 768L));
    }

    private static void t6(List<WideModel> models) {
        Map<String, Object> factors = Map.of("n_head", 13L, "head_dim", 36L, "rank", 3L, "q_rank", 5L);
        Map<String, Object> wholeQueries = Map.of("n_head", 11L, "head_dim", 44L, "rank", 3L);
        Map<String, Object> wideHeads = Map.of("n_head", 5L, "head_dim", 76L, "rank", 5L, "q_rank", 9L);
        Map<String, Object> grouped = Map.of("n_head", 9L, "head_dim", 44L, "group_size", 3L);
        Map<String, Object> latents = Map.of("n_head", 7L, "head_dim", 36L, "q_lora_rank", 72L, "kv_lora_rank", 100L,
                "qk_rope_head_dim", 20L, "v_head_dim", 28L);
        Map<String, Object> norm = Map.of("using_groupnorm", true);
        Map<String, Object> rope = Map.of("rope_partial_factor", 0.4, "rope_decay_base", 0.99);
        for (RopeVariant variant : RopeVariant.values()) {
            Map<String, Object> partial = variant == RopeVariant.FULL ? Map.of() : rope;
            models.add(t6("T6", Attention.TPA, variant, factors, partial));
            models.add(t6("T6 groupnorm", Attention.TPA, variant, wideHeads, norm));
            models.add(t6("T6 KV-only", Attention.TPA_KVONLY, variant, wholeQueries, Map.of()));
            models.add(t6("T6 KV-only groupnorm", Attention.TPA_KVONLY, variant, wholeQueries, both(norm, partial)));
            models.add(t6("GQA", Attention.GQA, variant, grouped, partial));
        }
        models.add(t6("T6 ropek", Attention.TPA, RopeVariant.FULL, factors, Map.of()));
        models.add(t6("T6 KV-only ropek", Attention.TPA_KVONLY, RopeVariant.FULL, wholeQueries, Map.of()));
        models.add(t6("MHA", Attention.MHA, RopeVariant.FULL, Map.of("n_head", 6L, "n_embd", 204L), Map.of()));
        models.add(t6("MHA", Attention.MHA, RopeVariant.PARTIALROPE, Map.of("n_head", 6L, "n_embd", 204L), Map.of()));
        models.add(t6("GQA groupnorm", Attention.GQA, RopeVariant.FULL, grouped, norm));
        models.add(t6("MQA", Attention.GQA, RopeVariant.FULL,
                Map.of("n_head", 7L, "head_dim", 68L, "group_size", 7L), Map.of()));
        models.add(t6("MLA", Attention.MLA, RopeVariant.FULL, latents, Map.of()));
        models.add(
                t6("MLA groupnorm", Attention.MLA, RopeVariant.FULL, latents, both(norm, Map.of("v_head_dim", 56L))));
    }

    private static WideModel t6(
            String name, Attention attention, RopeVariant variant, Map<String, Object> heads,
            Map<String, Object> others) {
        Map<String, Object> config = new TreeMap<>(Map.of(
                "n_layer", 2L, "n_embd", 200L, "vocab_size", (long) VOCABULARY, "block_size", 256L));
        config.putAll(heads);
        config.putAll(others);
        NewModel model = new T6Config(attention, config, VariantJson.none());
        return of(name + " " + VariantName.of(variant), variant, model,
                weights -> new T6Reference(weights, config, VariantName.of(variant), name.contains("ropek")));
    }

    private static WideModel mlra(String name) {
        Map<String, Object> sizes = new TreeMap<>(Map.of(
                "n_layer", 2L, "n_embd", 200L, "vocab_size", (long) VOCABULARY, "block_size", 256L, "n_head", 12L,
                "intermediate_size", 300L));
        NewModel preset =
                MlraConfig.published(MlraConfig.Attention.valueOf(name.toUpperCase(Locale.ROOT).replace('-', '_')));
        Map<String, Object> changed = new TreeMap<>(Map.of(
                "head_dim", 44L, "rank", 3L, "q_rank", 5L, "share_q_dim", 90L, "q_lora_rank", 72L,
                "kv_lora_rank", 100L, "qk_nope_head_dim", 28L, "qk_rope_head_dim", 20L));
        changed.put("group_size", name.equals("mqa") ? 12L : 3L);
        changed.keySet().retainAll(preset.config().keySet());
        NewModel model = preset.with(both(sizes, changed));
        return of("MLRA " + name, null, model, weights -> new MlraReference(weights, model.config()));
    }

    private static WideModel of(
            String name, RopeVariant variant, NewModel model, Function<Weights, Reference> reference) {
        Map<String, List<Long>> shapes = new LinkedHashMap<>();
        for (TensorSpec spec : model.tensors()) {
            shapes.put(spec.name(), spec.shape());
        }
        return new WideModel(name, variant, model.configJson("float32"), shapes, reference);
    }

    private static WideModel llama(String type, long heads, long keyHeads, long headDim, Map<String, Object> others) {
        long width = (Long) others.getOrDefault("hidden_size", 200L);
        long hidden = (Long) others.getOrDefault("intermediate_size", 300L);
        Map<String, Object> config = new TreeMap<>(Map.of(
                "model_type", type, "vocab_size", (long) VOCABULARY, "hidden_size", width, "intermediate_size", hidden,
                "num_hidden_layers", 2L, "num_attention_heads", heads, "num_key_value_heads", keyHeads,
                "head_dim", headDim, "max_position_embeddings", 256L, "rms_norm_eps", 1e-5));
        config.put("rope_theta", 100000.0);
        config.putAll(others);
        Map<String, List<Long>> shapes = new LinkedHashMap<>();
        boolean biased = Boolean.TRUE.equals(config.get("attention_bias"));
        boolean biasedInputs = biased || type.equals("qwen2");
        boolean biasedHidden = Boolean.TRUE.equals(config.get("mlp_bias"));
        shapes.put("model.embed_tokens.weight", List.of((long) VOCABULARY, width));
        for (int layer = 0; layer < (Long) config.get("num_hidden_layers"); layer++) {
            String block = "model.layers." + layer + ".";
            shapes.put(block + "input_layernorm.weight", List.of(width));
            shapes.put(block + "post_attention_layernorm.weight", List.of(width));
            linear(shapes, block + "self_attn.q_proj", heads * headDim, width, biasedInputs);
            linear(shapes, block + "self_attn.k_proj", keyHeads * headDim, width, biasedInputs);
            linear(shapes, block + "self_attn.v_proj", keyHeads * headDim, width, biasedInputs);
            linear(shapes, block + "self_attn.o_proj", width, heads * headDim, biased);
            if (type.startsWith("qwen3")) {
                shapes.put(block + "self_attn.q_norm.weight", List.of(headDim));
                shapes.put(block + "self_attn.k_norm.weight", List.of(headDim));
            }
            if (type.equals("mixtral")) {
                experts(shapes, block + "block_sparse_moe.", List.of("w1", "w3", "w2"), hidden, width);
            } else if (type.equals("qwen3_moe") && layer > 0) {
                experts(shapes, block + "mlp.", List.of("gate_proj", "up_proj", "down_proj"),
                        (Long) config.get("moe_intermediate_size"), width);
            } else {
                linear(shapes, block + "mlp.gate_proj", hidden, width, biasedHidden);
                linear(shapes, block + "mlp.up_proj", hidden, width, biasedHidden);
                linear(shapes, block + "mlp.down_proj", width, hidden, biasedHidden);
            }
        }
        shapes.put("model.norm.weight", List.of(width));
        if (!(Boolean) config.getOrDefault("tie_word_embeddings", type.equals("smollm3"))) {
            shapes.put("lm_head.weight", List.of((long) VOCABULARY, width));
        }
        return new WideModel(type, null, config, shapes, weights -> new LlamaReference(weights, config));
    }

    private static void experts(
            Map<String, List<Long>> shapes, String moe, List<String> names, long hidden, long width) {
        shapes.put(moe + "gate.weight", List.of(3L, width));
        for (int expert = 0; expert < 3; expert++) {
            String one = moe + "experts." + expert + ".";
            linear(shapes, one + names.get(0), hidden, width, false);
            linear(shapes, one + names.get(1), hidden, width, false);
            linear(shapes, one + names.get(2), width, hidden, false);
        }
    }

    private static void linear(
            Map<String, List<Long>> shapes, String name, long outputs, long inputs, boolean biased) {
        shapes.put(name + ".weight", List.of(outputs, inputs));
        if (biased) {
            shapes.put(name + ".bias", List.of(outputs));
        }
    }

    private static Map<String, Object> both(Map<String, Object> first, Map<String, Object> second) {
        Map<String, Object> both = new TreeMap<>(first);
        both.putAll(second);
        return both;
    }

    /** Weights as {@code t6j init} draws them, by seed and name, but so large that every tensor matters. */
    Weights weights(long seed) {
        Weights weights = new Weights();
        shapes.forEach((tensor, shape) -> {
            Random random = new Random(SplitMix64.seed(seed, tensor));
            float[] elements = new float[shape.stream().mapToInt(Long::intValue).reduce(1, Math::multiplyExact)];
            boolean gain = shape.size() == 1 && !tensor.endsWith(".bias");
            double deviation = switch (shape.size()) {
                case 1 -> gain ? 0.25 : 0.5;
                case 2 -> scale(tensor) / Math.sqrt(shape.getLast());
                default -> scale(tensor) / Math.sqrt(shape.get(1)); // inputs before outputs
            };
            for (int i = 0; i < elements.length; i++) {
                elements[i] = (float) ((gain ? 1 : 0) + deviation * random.nextGaussian());
            }
            weights.put(tensor, elements, shape);
        });
        return weights;
    }

    private static double scale(String name) {
        return name.contains("lm_head") || name.contains("embed_tokens")
                ? 3
                : name.contains("c_proj") || name.contains("o_proj") || name.contains("down_proj") ? 0.8 : 1.5;
    }

    /** Writes config.json and weights into an empty folder. */
    void write(Weights weights, Path folder) throws IOException {
        write(weights, DType.F32, folder);
    }

    /**
     * Writes config.json and weights into an empty folder, and makes {@code weights} those of the files.
     *
     * @param type type of the matrices whose rows have whole super-blocks; others are f32
     */
    void write(Weights weights, DType type, Path folder) throws IOException {
        List<Tensor> tensors = new ArrayList<>();
        shapes.forEach((key, shape) -> {
            DType stored = isWhole(key) ? type : DType.F32;
            Tensor tensor =
                    Tensor.of(key, stored, weights.floats(key), shape.stream().mapToLong(size -> size).toArray());
            weights.put(key, tensor.toFloats(), shape);
            tensors.add(tensor);
        });
        Safetensors.write(folder.resolve("model.safetensors"), Map.of("format", "pt"), tensors);
        Files.writeString(folder.resolve("config.json"), Json.write(config));
    }

    /** True of a matrix whose rows have whole super-blocks. */
    boolean isWhole(String name) {
        return shapes.get(name).size() == 2 && shapes.get(name).getLast() % 256 == 0;
    }

    @Override
    public String toString() {
        return name;
    }
}
