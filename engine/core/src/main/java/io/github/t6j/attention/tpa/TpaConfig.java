package io.github.t6j.attention.tpa;

import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.LayerWeights;
import io.github.t6j.attention.SharedPages;
import java.util.Map;

/**
 * Sizes of the official tensor product attentions: T6, or T6 KV-only with query rank 0.
 *
 * @param heads number of heads, h
 * @param headDim elements of a query and a key, d
 * @param valueDim elements of a value, e, equal to d in every known model
 * @param queryRank rank of the query, R_Q, or 0 for whole queries
 * @param keyRank rank of the key, R_K
 * @param valueRank rank of the value, R_V
 */
public record TpaConfig(int heads, int headDim, int valueDim, int queryRank, int keyRank, int valueRank)
        implements
            AttentionConfig {

    @Override
    public Map<String, Integer> sizes() {
        return Map.of("q_rank", queryRank, "k_rank", keyRank, "v_rank", valueRank);
    }

    @Override
    public FactoredAttention attention(LayerWeights weights, SharedPages shared) {
        return newAttention();
    }

    /** Returns attention of these sizes, which has no weights. */
    public FactoredAttention newAttention() {
        return queryRank == 0 ? new WholeQueryAttention(this) : new TensorProductAttention(this);
    }

    /** Returns the number of vectors of {@link #headDim} elements in a query: its features B_Q, or its whole heads. */
    public int queryVectors() {
        return queryRank == 0 ? heads : queryRank;
    }
}
