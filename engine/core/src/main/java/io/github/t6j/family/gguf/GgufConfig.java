package io.github.t6j.family.gguf;

import io.github.t6j.ModelFormatException;
import io.github.t6j.family.llama.LlamaRope;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.gguf.EndTokens;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * Converts the keys of a GGUF file, and the presence of tensors, to the keys of config.json: {@link GgufNames#config}.
 */
final class GgufConfig {
    /** Limit of layers, before the tensors are counted: far above published models. */
    private static final long MAX_BLOCKS = 1 << 16;
    private static final String ROPE_TYPE = "rope_type";

    private final Map<String, Object> metadata;
    private final String architecture;
    private final String where;
    private final Map<String, Object> config = new LinkedHashMap<>();

    /**
     * @param metadata as {@link io.github.t6j.weights.gguf.Gguf#metadata}
     * @param where name of the file in errors
     */
    GgufConfig(Map<String, Object> metadata, String architecture, String where) {
        this.metadata = metadata;
        this.architecture = architecture;
        this.where = where;
    }

    /**
     * @param tensors by their names in the file
     * @param factors returns the elements of a tensor of RoPE's factors, or null if the file has none of that name
     */
    Map<String, Object> read(Map<String, Tensor> tensors, Function<String, float[]> factors) {
        if (architecture.equals(GgufDragon.ARCHITECTURE)) {
            new GgufDragon(this, config).add(tensors);
            ids();
            return config;
        }
        long heads = whole("attention.head_count");
        long width = whole("embedding_length");
        config.put("model_type", architecture);
        config.put("hidden_act", "silu");
        config.put("hidden_size", width);
        experts();
        config.put("num_hidden_layers", blocks());
        config.put("num_attention_heads", heads);
        config.put("num_key_value_heads", whole("attention.head_count_kv", heads));
        config.put("head_dim", headDim(width, heads));
        config.put("rms_norm_eps", required("attention.layer_norm_rms_epsilon", Number.class, "a number"));
        config.put("max_position_embeddings", whole("context_length"));
        boolean isTied = architecture.equals("gemma2") || !tensors.containsKey("output.weight");
        config.put("tie_word_embeddings", isTied);
        if (tensors.get("token_embd.weight") instanceof Tensor embedding) {
            config.put("vocab_size", embedding.shape().getFirst());
        }
        if (!architecture.equals("qwen2")) { // Qwen2's config.json has no such keys
            config.put("attention_bias", tensors.containsKey("blk.0.attn_q.bias"));
            config.put("mlp_bias", tensors.containsKey("blk.0.ffn_up.bias"));
        }
        rope(factors.apply(GgufNames.ROPE_FACTORS));
        ids();
        new GgufArchitecture(this, config, factors).add(architecture);
        return config;
    }

    /** Sets the sizes of the feed-forward part. In a file of Qwen3-MoE, feed_forward_length belongs to no layer. */
    private void experts() {
        boolean isQwen = architecture.equals("qwen3moe");
        Long experts = optional("expert_count", Long.class, "a whole number");
        if (isQwen) {
            config.put("model_type", "qwen3_moe");
            config.put("num_experts", whole("expert_count"));
            config.put("moe_intermediate_size", whole("expert_feed_forward_length"));
            config.put("norm_topk_prob", true); // llama.cpp always divides by the sum
        } else {
            config.put("intermediate_size", whole("feed_forward_length"));
        }
        if (architecture.equals("llama") && experts != null && experts > 0) {
            config.put("model_type", "mixtral");
            config.put("num_local_experts", experts);
        }
        if (config.containsKey("num_experts") || config.containsKey("num_local_experts")) {
            config.put("num_experts_per_tok", whole("expert_used_count"));
        }
    }

    long blocks() {
        long blocks = whole("block_count");
        if (blocks > MAX_BLOCKS) {
            throw wrong(key("block_count"), "at most " + MAX_BLOCKS, blocks);
        }
        return blocks;
    }

    private long headDim(long width, long heads) {
        long headDim = whole("attention.key_length", width / heads);
        boolean rotatesPart = architecture.equals("phi3");
        for (String key : List.of("attention.value_length", "rope.dimension_count")) {
            if (rotatesPart && key.startsWith("rope")) {
                continue;
            }
            long size = whole(key, headDim);
            if (size != headDim) {
                throw wrong(key(key), "the size of a key's head, " + headDim, size);
            }
        }
        return headDim;
    }

    private void rope(float[] factors) {
        config.put("rope_theta", number("rope.freq_base", 10000));
        Map<String, Object> scaling = new LinkedHashMap<>();
        String type = optional("rope.scaling.type", String.class, "a string");
        double linear = number("rope.scale_linear", 1); // an older name of the factor
        if (type == null ? linear != 1 : !type.equals("none")) {
            scaling.put(ROPE_TYPE, type == null ? "linear" : type);
            scaling.put("factor", number("rope.scaling.factor", linear));
            put(scaling, "original_max_position_embeddings", "rope.scaling.original_context_length");
            put(scaling, "beta_fast", "rope.scaling.yarn_beta_fast");
            put(scaling, "beta_slow", "rope.scaling.yarn_beta_slow");
            if (number("rope.scaling.attn_factor", 1) != 1) {
                throw wrong(key("rope.scaling.attn_factor"), "1 or none", number("rope.scaling.attn_factor", 1))
                        .asUnsupported();
            }
        }
        if (factors != null) {
            factors(factors, scaling);
        }
        if (!scaling.isEmpty()) {
            config.put("rope_scaling", scaling);
        }
    }

    private void factors(float[] factors, Map<String, Object> scaling) {
        String name = GgufNames.ROPE_FACTORS;
        if (factors.length != (long) config.get("head_dim") / 2) {
            throw wrong(name, (long) config.get("head_dim") / 2 + " factors, half a head", factors.length);
        }
        boolean divides = false;
        for (float factor : factors) {
            if (!(factor > 0 && factor < Float.POSITIVE_INFINITY)) {
                throw wrong(name, "finite factors above 0", factor);
            }
            divides |= factor != 1;
        }
        if (!divides) {
            return; // plain frequencies
        }
        if (!scaling.isEmpty()) {
            throw wrong(name, "no such tensor together with " + key("rope.scaling.type"), scaling.get(ROPE_TYPE));
        }
        scaling.put(ROPE_TYPE, LlamaRope.DIVIDED);
        scaling.put(LlamaRope.FACTORS,
                Stream.iterate(0, i -> i < factors.length, i -> i + 1).map(i -> (double) factors[i]).toList());
    }

    /** Writes all ids that end a text, from keys and by their tokens' texts, to eos_token_id. */
    private void ids() {
        Long bos = id("bos");
        if (bos != null) {
            config.put("bos_token_id", bos);
        }
        List<?> tokens = typed("tokenizer.ggml.tokens", List.class, "texts");
        LongStream byText = tokens == null
                ? LongStream.empty()
                : LongStream.range(0, tokens.size()).filter(id -> EndTokens.contains(tokens.get((int) id)));
        List<Long> ends = Stream.concat(
                Stream.of("eos", "eot", "eom").map(this::id).filter(Objects::nonNull), byText.boxed())
                .distinct().toList();
        if (!ends.isEmpty()) {
            config.put("eos_token_id", ends.size() == 1 ? ends.getFirst() : ends);
        }
    }

    private Long id(String name) {
        return typed("tokenizer.ggml." + name + "_token_id", Long.class, "a whole number");
    }

    void put(Map<String, Object> into, String name, String key) {
        Number number = optional(key, Number.class, "a number");
        if (number != null) {
            into.put(name, number);
        }
    }

    String key(String key) {
        return architecture + "." + key;
    }

    long whole(String key) {
        return whole(key, required(key, Long.class, "a whole number"));
    }

    long whole(String key, long absent) {
        Long found = optional(key, Long.class, "a whole number");
        long number = found == null ? absent : found;
        if (number < 1 || number > Integer.MAX_VALUE) {
            throw wrong(key(key), "a whole number from 1 to " + Integer.MAX_VALUE, number);
        }
        return number;
    }

    double number(String key, double absent) {
        Number number = optional(key, Number.class, "a number");
        return number == null ? absent : number.doubleValue();
    }

    <T> T required(String key, Class<T> type, String expected) {
        T value = optional(key, type, expected);
        if (value == null) {
            throw wrong(key(key), expected, "no such key");
        }
        return value;
    }

    <T> T optional(String key, Class<T> type, String expected) {
        return typed(key(key), type, expected);
    }

    private <T> T typed(String key, Class<T> type, String expected) {
        Object value = metadata.get(key);
        if (value != null && !type.isInstance(value)) {
            throw wrong(key, expected,
                    value instanceof Number || value instanceof Boolean ? value : "text or an array");
        }
        return type.cast(value);
    }

    ModelFormatException wrong(String what, String expected, Object found) {
        return new ModelFormatException(where + ": " + what + ": expected " + expected + ", found " + found);
    }
}
