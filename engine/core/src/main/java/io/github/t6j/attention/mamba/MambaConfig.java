package io.github.t6j.attention.mamba;

import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.LayerWeights;
import io.github.t6j.attention.SharedPages;
import io.github.t6j.kernels.HeadStep;
import java.util.Map;

/**
 * Sizes of a Mamba-3 mixer with several inputs and outputs (MIMO).
 *
 * @param heads number of heads
 * @param headDim P, elements of a head's value
 * @param stateDim N, elements of a key or query, at least 4
 * @param ranks R, keys, queries and values of a head per token
 * @param epsilon epsilon of the norms of keys, queries and output
 */
public record MambaConfig(int heads, int headDim, int stateDim, int ranks, float epsilon) implements AttentionConfig {
    /** @throws IllegalArgumentException if a size is out of range */
    public MambaConfig {
        if (heads < 1 || headDim < 1 || stateDim < 4) {
            throw new IllegalArgumentException("Mamba-3: expected 1 or more heads and elements, and 4 or more elements"
                    + " of the state, found " + heads + ", " + headDim + " and " + stateDim);
        }
        if (ranks < 1 || ranks > HeadStep.RANKS) {
            throw new IllegalArgumentException("Mamba-3: expected 1 to " + HeadStep.RANKS + " ranks, found " + ranks);
        }
    }

    /** Returns the number of rotations of a key: half of its elements are rotated in pairs. */
    public int angles() {
        return stateDim / 4;
    }

    /** Returns the elements of a head's gates, values, time step, decay and trapezoid in a row of projections. */
    int headRow() {
        return 2 * headDim + 3;
    }

    /** Returns the elements of the keys of a row, and of its queries. */
    int keyRow() {
        return ranks * stateDim;
    }

    /** Returns the length of a row: gates, values and coefficients of each head, then shared keys, queries and angles. */
    public int row() {
        return heads * headRow() + 2 * keyRow() + angles();
    }

    @Override
    public Map<String, Integer> sizes() {
        return Map.of("mamba_d_state", stateDim, "mamba_mimo_dim", ranks);
    }

    @Override
    public MambaMixer attention(LayerWeights weights, SharedPages shared) {
        return new MambaMixer(this, MambaWeights.of(weights));
    }
}
