package io.github.t6j.attention.tpa.steps;

import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.LayerWeights;
import io.github.t6j.attention.SharedPages;
import io.github.t6j.attention.TensorRole;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * Sizes and steps of {@link SteppedAttention}.
 *
 * @param heads number of query heads, H, with noise heads
 * @param headDim elements of a head, D
 * @param keyValueHeads number of key and value heads, K, a divisor of H
 * @param queryRank rank of queries, or 0 for whole queries
 * @param rank rank of keys and of values, R
 */
public record SteppedConfig(int heads, int headDim, int keyValueHeads, int queryRank, int rank, Steps steps)
        implements
            AttentionConfig {
    /** Returns the number of heads whose outputs leave the layer. */
    public int signalHeads() {
        return steps.differential() ? heads - keyValueHeads : heads;
    }

    /** Returns the number of query heads that share a key head. */
    public int groupSize() {
        return heads / keyValueHeads;
    }

    /** Returns the number of gates of a position. */
    public int gates() {
        if (steps.gate() == null) {
            return 0;
        }
        return steps.gate().headwise() ? signalHeads() : signalHeads() * headDim;
    }

    @Override
    public Map<String, Integer> sizes() {
        Map<String, Integer> sizes = new TreeMap<>(Map.of(
                "kv_heads", keyValueHeads, "k_rank", rank, "v_rank", rank, "signal_heads", signalHeads()));
        if (queryRank > 0) {
            sizes.put("q_rank", queryRank);
        }
        return sizes;
    }

    /** Returns attention with gains of 1 and without a scalable softmax or output norms. */
    public SteppedAttention newAttention() {
        float[] ones = new float[headDim];
        Arrays.fill(ones, 1f);
        return new SteppedAttention(this, new RowSteps(this, ones, null, null, null));
    }

    @Override
    public SteppedAttention attention(LayerWeights weights, SharedPages shared) {
        return new SteppedAttention(this, new RowSteps(
                this, weights.floats(TensorRole.QUERY_NORM), weights.floats(TensorRole.KEY_NORM),
                weights.floats(TensorRole.SOFTMAX_SCALE), weights.floats(TensorRole.HEAD_NORM)));
    }
}
