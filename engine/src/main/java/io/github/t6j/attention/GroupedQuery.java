package io.github.t6j.attention;

import java.util.Map;

/**
 * The sizes of {@link GroupedQueryAttention}: MHA, GQA or MQA.
 *
 * @param heads query heads, h
 * @param headDim d
 * @param keyValueHeads heads of keys and values, g, a divisor of h
 */
public record GroupedQuery(int heads, int headDim, int keyValueHeads) implements DenseConfig {
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
        return new GroupedQueryAttention(heads, headDim, keyValueHeads);
    }
}
