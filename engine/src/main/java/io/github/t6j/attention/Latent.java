package io.github.t6j.attention;

import java.util.Map;

/**
 * The sizes of {@link LatentAttention}, MLA.
 *
 * @param heads query heads, h
 * @param headDim elements of a head's query and key that are not rotated, qk_nope_head_dim
 * @param valueDim elements of a head's value, v_head_dim
 * @param queryRank elements of the query's latent, q_lora_rank
 * @param rank elements of the latent of keys and values, kv_lora_rank
 * @param rope elements of a query and key that are rotated, qk_rope_head_dim
 */
public record Latent(int heads, int headDim, int valueDim, int queryRank, int rank, int rope)
        implements
            AttentionConfig {
    @Override
    public int rotatedDim() {
        return rope;
    }

    @Override
    public Map<String, Integer> sizes() {
        return Map.of("q_lora_rank", queryRank, "kv_lora_rank", rank, "qk_rope_dim", rope);
    }

    @Override
    public LatentAttention attention(LayerWeights weights, SharedPages shared) {
        return new LatentAttention(this, weights.floats(TensorRole.KEY_VALUE_UP), weights.arena());
    }

    @Override
    public Projection projection(LayerWeights weights) {
        return new LatentProjection(
                this, weights.packed(TensorRole.PROJECTION), weights.floats(TensorRole.QUERY_LATENT_NORM),
                weights.floats(TensorRole.LATENT_NORM), weights.packed(TensorRole.QUERY_UP));
    }
}
