package io.github.t6j.attention.grouped;

import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.LayerOptions;
import io.github.t6j.attention.LayerWeights;
import io.github.t6j.attention.SharedPages;
import java.util.Map;

/**
 * Sizes of {@link GroupedQueryAttention}: MHA, GQA or MQA.
 *
 * @param heads number of query heads, h
 * @param headDim elements of a head, d
 * @param keyValueHeads number of key and value heads, g, a divisor of h
 * @param options norms, RoPE and windows of the layers
 */
public record GroupedQueryConfig(int heads, int headDim, int keyValueHeads,
        LayerOptions options) implements AttentionConfig {
    /** Creates the sizes of an attention without layer options. */
    public GroupedQueryConfig(int heads, int headDim, int keyValueHeads) {
        this(heads, headDim, keyValueHeads, LayerOptions.NONE);
    }

    /** Returns the attention's name, MHA, GQA or MQA. */
    public String name() {
        return keyValueHeads == heads ? "MHA" : keyValueHeads == 1 ? "MQA" : "GQA";
    }

    @Override
    public Map<String, Integer> sizes() {
        return Map.of("kv_heads", keyValueHeads);
    }

    @Override
    public GroupedQueryAttention attention(LayerWeights weights, SharedPages shared) {
        return new GroupedQueryAttention(this, options.layer(weights));
    }
}
