package io.github.t6j.attention;

/** An attention whose queries, keys and values can be had whole. */
public interface DenseConfig extends AttentionConfig {
    @Override
    DenseHeads attention(LayerWeights weights, SharedPages shared);
}
