package io.github.t6j.attention;

import java.util.Map;

/** Kind and sizes of a model's attention; creates the attention of each layer. */
public interface AttentionConfig {
    /** Returns the number of query heads, h. */
    int heads();

    /** Returns the number of elements of a head's query and key, d. */
    int headDim();

    /** Returns the number of elements of a head's value. */
    default int valueDim() {
        return headDim();
    }

    /**
     * Returns the number of elements of the vectors to which RoPE is applied; partial RoPE rotates only the first ones.
     */
    default int rotatedDim() {
        return headDim();
    }

    /** Returns the other sizes by their names in config.json, for display. */
    Map<String, Integer> sizes();

    /**
     * Creates the attention of a layer.
     *
     * @param shared pages shared by all layers and sessions
     */
    Attention attention(LayerWeights weights, SharedPages shared);

    /** Creates the projection that computes the attention's rows in a layer. */
    default Projection projection(LayerWeights weights) {
        return new Projection.Fused(weights.packed(TensorRole.PROJECTION), weights.floats(TensorRole.PROJECTION_BIAS));
    }
}
