package io.github.t6j.attention;

import java.util.Map;

/**
 * The sizes of {@link GroupedQueryAttention}: MHA, GQA or MQA.
 *
 * @param heads query heads, h
 * @param headDim d
 * @param keyValueHeads heads of keys and values, g, a divisor of h
 * @param options what layers do beyond that
 */
public record GroupedQuery(int heads, int headDim, int keyValueHeads, LayerOptions options) implements DenseConfig {
    /** All layers alike. */
    public GroupedQuery(int heads, int headDim, int keyValueHeads) {
        this(heads, headDim, keyValueHeads, LayerOptions.NONE);
    }

    @Override
    public int valueDim() {
        return headDim;
    }

    @Override
    public int rotatedDim() {
        return headDim;
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
