package io.github.t6j.cli;

import io.github.t6j.ModelFormatException;
import io.github.t6j.weights.VariantJson;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Names and shapes of the weights of official models and of their variants, and presets of the paper's sizes (tables
 * 9 and 10).
 *
 * @param attention how it attends
 * @param config config.json
 * @param variant t6j.json: factors that are fixed or shared, a third factor
 */
record Blueprint(Attention attention, Map<String, Object> config, VariantJson variant) {

    /** Attentions that random weights can be made for. */
    enum Attention {
        TPA,
        TPA_KVONLY,
        MHA,
        GQA,
        MLA
    }

    /** Class defaults of the official llama-mla: what all its checkpoints have, whatever their config.json says. */
    private static final Map<String, Long> LATENT_SIZES =
            Map.of("q_lora_rank", 512L, "kv_lora_rank", 256L, "qk_rope_head_dim", 32L, "v_head_dim", 64L);

    private static final Map<String, Blueprint> PRESETS = new LinkedHashMap<>();

    static {
        preset("t6-small", Attention.TPA, 12, 768, 34);
        preset("t6-medium", Attention.TPA, 24, 1024, 47);
        preset("t6-large", Attention.TPA, 36, 1280, 61);
        preset("t6-xl", Attention.TPA, 48, 1600, 78);
        preset("t6-kvonly-small", Attention.TPA_KVONLY, 12, 768, 22);
        preset("t6-kvonly-medium", Attention.TPA_KVONLY, 24, 1024, 29);
        preset("t6-kvonly-large", Attention.TPA_KVONLY, 36, 1280, 37);
        preset("t6-kvonly-xl", Attention.TPA_KVONLY, 48, 1600, 47);
        preset("mha-small", Attention.MHA, 12, 768, 12);
        preset("mha-medium", Attention.MHA, 24, 1024, 16);
        preset("mha-large", Attention.MHA, 36, 1280, 20);
        preset("mha-xl", Attention.MHA, 48, 1600, 25);
        preset("gqa-small", Attention.GQA, 12, 768, 22).put("group_size", 11L);
        preset("gqa-medium", Attention.GQA, 24, 1024, 30).put("group_size", 15L);
        preset("gqa-large", Attention.GQA, 36, 1280, 38).put("group_size", 19L);
        preset("gqa-xl", Attention.GQA, 48, 1600, 48).put("group_size", 24L);
        preset("mqa-small", Attention.GQA, 12, 768, 23).put("group_size", 23L);
        preset("mqa-medium", Attention.GQA, 24, 1024, 31).put("group_size", 31L);
        preset("mqa-large", Attention.GQA, 36, 1280, 39).put("group_size", 39L);
        preset("mqa-xl", Attention.GQA, 48, 1600, 49).put("group_size", 49L);
        preset("mla-small", Attention.MLA, 12, 768, 13);
        preset("mla-medium", Attention.MLA, 24, 1024, 23);
        preset("mla-large", Attention.MLA, 36, 1280, 34);
        preset("mla-xl", Attention.MLA, 48, 1600, 49);
        preset("tiny", Attention.TPA, 6, 192, 8)
                .putAll(Map.of("head_dim", 32L, "vocab_size", 4096L, "block_size", 512L));
    }

    private static Map<String, Object> preset(String name, Attention attention, long layers, long width, long heads) {
        Map<String, Object> config = new TreeMap<>(Map.of(
                "n_layer", layers,
                "n_embd", width,
                "n_head", heads,
                "head_dim", 64L,
                "vocab_size", 50304L,
                "block_size", 1024L));
        switch (attention) {
            case TPA -> config.putAll(Map.of("rank", 2L, "q_rank", 6L));
            case TPA_KVONLY -> config.put("rank", 2L);
            case MLA -> config.putAll(LATENT_SIZES);
            case MHA, GQA -> {
            }
        }
        PRESETS.put(name, new Blueprint(attention, config, VariantJson.none()));
        return config;
    }

    static String presetNames() {
        return String.join(", ", PRESETS.keySet());
    }

    /** @throws IllegalArgumentException if there is no such preset */
    static Blueprint ofPreset(String name) {
        Blueprint preset = PRESETS.get(name);
        if (preset == null) {
            throw new IllegalArgumentException("preset: expected one of " + presetNames() + ", found " + name);
        }
        return preset;
    }

    /** The attention that a config.json means, as far as it can say: a T6 KV-only model with q_rank looks like a T6. */
    static Attention attentionOf(Map<String, Object> config) {
        if (config.containsKey("kv_lora_rank")) {
            return Attention.MLA;
        }
        if (config.containsKey("group_size")) {
            return Attention.GQA;
        }
        if (!config.containsKey("rank") && !config.containsKey("k_rank")) {
            return Attention.MHA;
        }
        return config.containsKey("q_rank") ? Attention.TPA : Attention.TPA_KVONLY;
    }

    /**
     * Every weight's shape, [out, in], by name, in the order of the official state_dict; the tied embedding once, as
     * lm_head.weight.
     *
     * @throws ModelFormatException if config.json lacks a size
     */
    Map<String, List<Long>> shapes() {
        Map<String, List<Long>> shapes = new LinkedHashMap<>();
        long width = size("n_embd");
        long hidden = 8 * width / 3;
        for (long layer = 0; layer < size("n_layer"); layer++) {
            String block = "transformer.h." + layer + ".";
            attentionShapes(block + "attn.", shapes);
            shapes.put(block + "mlp.c_fc1.weight", List.of(hidden, width));
            shapes.put(block + "mlp.c_fc2.weight", List.of(hidden, width));
            shapes.put(block + "mlp.c_proj.weight", List.of(width, hidden));
        }
        shapes.put("lm_head.weight", List.of(size("vocab_size"), width));
        return shapes;
    }

    private void attentionShapes(String attn, Map<String, List<Long>> shapes) {
        long width = size("n_embd");
        long heads = size("n_head");
        long headDim = attention == Attention.MHA ? width / heads : size("head_dim");
        switch (attention) {
            case TPA -> {
                factorShapes(attn + "c_qkv.", "q", headDim, shapes);
                factorShapes(attn + "c_qkv.", "k", headDim, shapes);
                factorShapes(attn + "c_qkv.", "v", headDim, shapes);
            }
            case TPA_KVONLY -> {
                shapes.put(attn + "c_qkv.c_q.weight", List.of(heads * headDim, width));
                factorShapes(attn + "c_qkv.", "k", headDim, shapes);
                factorShapes(attn + "c_qkv.", "v", headDim, shapes);
            }
            case MHA, GQA -> {
                long keyValueHeads = attention == Attention.MHA ? heads : heads / size("group_size");
                shapes.put(attn + "c_q.weight", List.of(heads * headDim, width));
                shapes.put(attn + "c_k.weight", List.of(keyValueHeads * headDim, width));
                shapes.put(attn + "c_v.weight", List.of(keyValueHeads * headDim, width));
            }
            case MLA -> latentShapes(attn, headDim, shapes);
        }
        checkVariant(attn, shapes);
        long valueDim = attention == Attention.MLA ? latentSize("v_head_dim") : headDim;
        shapes.put(attn + "c_proj.weight", List.of(width, heads * valueDim));
        if (Boolean.TRUE.equals(config.get("using_groupnorm"))) {
            shapes.put(attn + "subln.weight", List.of(valueDim));
        }
    }

    private void latentShapes(String attn, long headDim, Map<String, List<Long>> shapes) {
        long width = size("n_embd");
        long heads = size("n_head");
        long queryRank = latentSize("q_lora_rank");
        long rank = latentSize("kv_lora_rank");
        long rope = latentSize("qk_rope_head_dim");
        shapes.put(attn + "q_a_proj.weight", List.of(queryRank, width));
        shapes.put(attn + "q_a_layernorm.weight", List.of(queryRank));
        shapes.put(attn + "q_b_proj.weight", List.of(heads * (headDim + rope), queryRank));
        shapes.put(attn + "kv_a_layernorm.weight", List.of(rank));
        shapes.put(attn + "kv_a_proj_with_mqa.weight", List.of(rank + rope, width));
        shapes.put(attn + "kv_b_proj.weight", List.of(heads * (headDim + latentSize("v_head_dim")), rank));
    }

    private long latentSize(String key) {
        return config.containsKey(key) ? size(key) : LATENT_SIZES.get(key);
    }

    /** The model must have what t6j.json is about. */
    private void checkVariant(String attn, Map<String, List<Long>> shapes) {
        for (String factor : variant.fixed()) {
            if (!shapes.containsKey(attn + "c_qkv." + factor)) {
                throw new ModelFormatException(variant.where() + ": fixed: found " + factor + ", but this model has no "
                        + "such factor of its own: remove it, or give another --attention");
            }
        }
        boolean whole = attention != Attention.TPA && attention != Attention.TPA_KVONLY;
        if (whole && variant.factorKey() != null) {
            throw new ModelFormatException(variant.where() + ": " + variant.factorKey() + ": expected no key about "
                    + "factors, since this model has none: remove it, or give --attention tpa");
        }
        if (variant.sharedB(false) && rank("k") != rank("v")) {
            throw new ModelFormatException(variant.where() + ": shared_b: expected equal ranks of keys and values, "
                    + "found " + rank("k") + " and " + rank("v"));
        }
    }

    private long rank(String of) {
        return size(of.equals("q") || config.containsKey(of + "_rank") ? of + "_rank" : "rank");
    }

    private void factorShapes(String prefix, String of, long headDim, Map<String, List<Long>> shapes) {
        long rank = rank(of);
        boolean third = variant.order(2) == 3;
        if (third && headDim % size("c_dim") != 0) {
            throw new ModelFormatException("config.json: c_dim: expected a divisor of head_dim " + headDim + ", found "
                    + size("c_dim"));
        }
        long featureDim = third ? headDim / size("c_dim") : headDim;
        factorShape(prefix, "A", of, size("n_head"), rank, shapes);
        if (!of.equals("v") || !variant.sharedB(false)) {
            factorShape(prefix, "B", of, rank, featureDim, shapes);
        }
        if (third) {
            factorShape(prefix, "C", of, rank, size("c_dim"), shapes);
        }
    }

    /** A parameter [rows, columns] where the factor is fixed, else what projects as many elements. */
    private void factorShape(
            String prefix, String factor, String of, long rows, long columns, Map<String, List<Long>> shapes) {
        String parameter = factor.toLowerCase(Locale.ROOT) + "_" + of;
        if (variant.fixed().contains(parameter)) {
            shapes.put(prefix + parameter, List.of(rows, columns));
        } else {
            shapes.put(prefix + "W_" + factor + "_" + of + ".weight", List.of(rows * columns, size("n_embd")));
        }
    }

    private long size(String key) {
        if (config.get(key) instanceof Long value && value > 0) {
            return value;
        }
        throw new ModelFormatException("config.json: " + key + ": expected a whole number above 0, found "
                + config.get(key) + ": give it, or another --attention");
    }
}
