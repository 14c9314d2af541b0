package io.github.t6j.attention.grouped;

import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.LayerWeights;
import io.github.t6j.attention.SharedPages;
import java.util.Map;

/**
 * Sizes of {@link GroupedTiedAttention}, GTA.
 *
 * @param heads number of query heads, h
 * @param headDim elements of a head, d
 * @param keyValueHeads number of key and value heads, g, a divisor of h
 * @param rope number of rotated elements of a query and a key, the last of d
 */
public record GroupedTiedConfig(int heads, int headDim, int keyValueHeads, int rope) implements AttentionConfig {
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
