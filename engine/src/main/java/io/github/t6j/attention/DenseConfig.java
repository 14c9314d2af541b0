package io.github.t6j.attention;

/** Config of an attention that can rebuild whole queries, keys and values, see {@link DenseHeads}. */
public interface DenseConfig extends AttentionConfig {
    @Override
    DenseHeads attention(LayerWeights weights, SharedPages shared);
}
