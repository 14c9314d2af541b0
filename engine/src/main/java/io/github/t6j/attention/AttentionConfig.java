package io.github.t6j.attention;

import java.util.Map;

/** Which attention a model has, and its sizes; makes the attention of each layer. */
public interface AttentionConfig {
    /** Query heads, h. */
    int heads();

    /** Elements of a head, d; of MLA those of a query that are not rotated. */
    int headDim();

    /** Elements of a head's value. */
    int valueDim();

    /** Elements of the vectors that RoPE rotates, or the first of them. */
    int rotatedDim();

    /** The attention whose heads a linear one sums, or itself. */
    default AttentionConfig dense() {
        return this;
    }

    /** Other sizes, by the names that config.json files give them, for people. */
    Map<String, Integer> sizes();

    /**
     * The attention of a layer.
     *
     * @param shared what all layers and sessions share
     */
    Attention attention(LayerWeights weights, SharedPages shared);

    /** How a layer makes the attention's rows. */
    default Projection projection(LayerWeights weights) {
        return new FusedProjection(weights.packed(TensorRole.PROJECTION), weights.floats(TensorRole.PROJECTION_BIAS));
    }
}
