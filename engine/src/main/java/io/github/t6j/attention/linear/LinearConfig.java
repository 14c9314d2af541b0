package io.github.t6j.attention.linear;

import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.DenseHeads;
import io.github.t6j.attention.LayerWeights;
import io.github.t6j.attention.Projection;
import io.github.t6j.attention.SharedPages;
import java.util.Map;

/**
 * Config of {@link LinearAttention} over the heads of another attention.
 *
 * @param dense attention whose queries, keys and values are used, which has {@link DenseHeads}
 */
public record LinearConfig(AttentionConfig dense) implements AttentionConfig {
    @Override
    public int heads() {
        return dense.heads();
    }

    @Override
    public int headDim() {
        return dense.headDim();
    }

    @Override
    public int valueDim() {
        return dense.valueDim();
    }

    @Override
    public int rotatedDim() {
        return dense.rotatedDim();
    }

    @Override
    public Map<String, Integer> sizes() {
        return dense.sizes();
    }

    @Override
    public LinearAttention attention(LayerWeights weights, SharedPages shared) {
        return new LinearAttention((DenseHeads) dense.attention(weights, shared));
    }

    @Override
    public Projection projection(LayerWeights weights) {
        return dense.projection(weights);
    }
}
