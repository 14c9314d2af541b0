package io.github.t6j;

import java.util.Objects;

/**
 * Options of embeddings: {@link #defaults} and the methods that change one of them in a copy. Without changes, the
 * model's files decide ({@link Model#embeddingDefaults}).
 *
 * @param pooling pooling, or null for the model's
 * @param normalized true to scale vectors to length 1, or null to let the model decide
 * @param layer number of layers before the hidden states, or −1 for all
 * @param dimensions number of leading elements that a vector keeps, or 0 for all
 * @param truncate true to truncate texts that are longer than the model's context; otherwise they are an error
 * @param call time limits and cancellation, which apply before each layer
 */
public record EmbeddingOptions(
        Pooling pooling, Boolean normalized, int layer, int dimensions, boolean truncate, CallOptions call) {
    private static final EmbeddingOptions DEFAULTS =
            new EmbeddingOptions(null, null, -1, 0, false, CallOptions.defaults());

    /** @throws IllegalArgumentException if {@code layer} or {@code dimensions} is out of range */
    public EmbeddingOptions {
        Objects.requireNonNull(call, "call");
        if (layer < -1) {
            throw new IllegalArgumentException("layer: expected -1 (the last) or more, found " + layer);
        }
        if (dimensions < 0) {
            throw new IllegalArgumentException("dimensions: expected 0 (all) or more, found " + dimensions);
        }
    }

    /** Returns the defaults: the model's pooling and normalisation, the last layer, all dimensions, no truncation. */
    public static EmbeddingOptions defaults() {
        return DEFAULTS;
    }

    /** Returns these options with another pooling; null for the model's. */
    public EmbeddingOptions withPooling(Pooling pooling) {
        return new EmbeddingOptions(pooling, normalized, layer, dimensions, truncate, call);
    }

    /** Returns these options with vectors scaled to length 1, or as pooled. */
    public EmbeddingOptions withNormalized(boolean normalized) {
        return new EmbeddingOptions(pooling, normalized, layer, dimensions, truncate, call);
    }

    /**
     * Returns these options with the hidden states of another layer: 0 for the rows of the embedding matrix, n for the
     * states after n layers. After all layers, the model's last norm is applied, as in transformers'
     * {@code hidden_states}.
     *
     * @param layer number of layers, or −1 for all
     * @throws IllegalArgumentException if {@code layer} is below −1
     */
    public EmbeddingOptions withLayer(int layer) {
        return new EmbeddingOptions(pooling, normalized, layer, dimensions, truncate, call);
    }

    /**
     * Returns these options with shorter vectors, cut before they are normalised. Only models trained for it
     * (Matryoshka representation learning) lose little.
     *
     * @param dimensions number of leading elements, or 0 for all
     * @throws IllegalArgumentException if {@code dimensions} is negative
     */
    public EmbeddingOptions withDimensions(int dimensions) {
        return new EmbeddingOptions(pooling, normalized, layer, dimensions, truncate, call);
    }

    /**
     * Returns these options with texts beyond the model's context truncated or rejected. A truncated text keeps the ids
     * that the tokenizer appends.
     */
    public EmbeddingOptions withTruncate(boolean truncate) {
        return new EmbeddingOptions(pooling, normalized, layer, dimensions, truncate, call);
    }

    /** Returns these options with other time limits and cancellation. */
    public EmbeddingOptions withCall(CallOptions call) {
        return new EmbeddingOptions(pooling, normalized, layer, dimensions, truncate, call);
    }
}
