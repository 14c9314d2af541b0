package io.github.t6j.attention.grouped;

import io.github.t6j.attention.Attention;
import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.LayerWeights;
import io.github.t6j.attention.Projection;
import io.github.t6j.attention.SharedPages;
import io.github.t6j.attention.TensorRole;
import io.github.t6j.attention.TwoStageProjection;
import java.util.Map;

/**
 * Sizes of multi-matrix factorization attention (Hu et al., 2024), MFA: multi-query attention whose queries are
 * projected in two stages.
 *
 * @param heads number of query heads, h
 * @param headDim elements of a head, d
 * @param queryRank elements of the query's latent, share_q_dim
 */
public record MultiMatrixConfig(int heads, int headDim, int queryRank) implements AttentionConfig {
    @Override
    public Map<String, Integer> sizes() {
        return Map.of("kv_heads", 1, "q_lora_rank", queryRank);
    }

    @Override
    public Attention attention(LayerWeights weights, SharedPages shared) {
        return new GroupedQueryConfig(heads, headDim, 1).attention(weights, shared);
    }

    @Override
    public Projection projection(LayerWeights weights) {
        return new TwoStageProjection(
                weights.packed(TensorRole.PROJECTION), weights.floats(TensorRole.QUERY_LATENT_NORM), new float[0][],
                weights.packed(TensorRole.QUERY_UP));
    }
}
