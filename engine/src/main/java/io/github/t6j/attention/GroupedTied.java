package io.github.t6j.attention;

import java.util.Map;

/**
 * The sizes of {@link GroupedTiedAttention}, GTA.
 *
 * @param heads query heads, h
 * @param headDim d
 * @param keyValueHeads heads of keys and values, g, a divisor of h
 * @param rope elements of a query and key that are rotated, the last of d
 */
public record GroupedTied(int heads, int headDim, int keyValueHeads, int rope) implements AttentionConfig {
    @Override
    public int valueDim() {
        return headDim;
    }

    @Override
    public int rotatedDim() {
        return rope;
    }

    @Override
    public Map<String, Integer> sizes() {
        return Map.of("kv_heads", keyValueHeads, "qk_rope_dim", rope);
    }

    @Override
    public GroupedTiedAttention attention(LayerWeights weights, SharedPages shared) {
        return new GroupedTiedAttention(this);
    }
}
