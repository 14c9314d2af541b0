package io.github.t6j;

import java.time.Duration;
import java.time.Instant;
import java.util.function.BooleanSupplier;

/**
 * Options of embeddings, immutable: {@link #defaults} and the methods that change one of them in a copy. Without
 * changes, the model's files decide ({@link Model#embeddingDefaults}).
 */
public final class EmbeddingOptions {
    private static final EmbeddingOptions DEFAULTS =
            new EmbeddingOptions(new Values(null, null, -1, 0, false, null, null, null));

    private final Values values;

    private record Values(Pooling pooling, Boolean normalized, int layer, int dimensions, boolean truncate,
            Instant deadline, Duration timeout, BooleanSupplier cancellation) {}

    private EmbeddingOptions(Values values) {
        this.values = values;
    }

    /** Returns the defaults: the model's pooling and normalisation, the last layer, all dimensions, no truncation. */
    public static EmbeddingOptions defaults() {
        return DEFAULTS;
    }

    /** Returns the pooling, or null for the model's. */
    public Pooling pooling() {
        return values.pooling;
    }

    /** Returns true if vectors are scaled to length 1, or null if the model decides. */
    public Boolean normalized() {
        return values.normalized;
    }

    /** Returns the number of layers before the hidden states, or -1 for all. */
    public int layer() {
        return values.layer;
    }

    /** Returns the number of leading elements that a vector keeps, or 0 for all. */
    public int dimensions() {
        return values.dimensions;
    }

    /** Returns true if texts that are longer than the model's context are truncated; otherwise they are an error. */
    public boolean truncate() {
        return values.truncate;
    }

    /** Returns the time at which the call ends, or null for none. */
    public Instant deadline() {
        return values.deadline;
    }

    /** Returns the longest time that the call takes, or null for no limit. */
    public Duration timeout() {
        return values.timeout;
    }

    /** Returns the function that ends the call once it returns true, or null for none. */
    public BooleanSupplier cancellation() {
        return values.cancellation;
    }

    /** Returns these options with another pooling; null for the model's. */
    public EmbeddingOptions withPooling(Pooling pooling) {
        return new EmbeddingOptions(new Values(pooling, values.normalized, values.layer, values.dimensions,
                values.truncate, values.deadline, values.timeout, values.cancellation));
    }

    /** Returns these options with vectors scaled to length 1, or as pooled. */
    public EmbeddingOptions withNormalized(boolean normalized) {
        return new EmbeddingOptions(new Values(values.pooling, normalized, values.layer, values.dimensions,
                values.truncate, values.deadline, values.timeout, values.cancellation));
    }

    /**
     * Returns these options with the hidden states of another layer: 0 for the embedding matrix's rows, n for those
     * after n layers. After all layers, the model's last norm is applied, as in transformers' {@code hidden_states}.
     *
     * @param layer number of layers, or -1 for all
     * @throws IllegalArgumentException if {@code layer} is below -1
     */
    public EmbeddingOptions withLayer(int layer) {
        if (layer < -1) {
            throw new IllegalArgumentException("layer: expected -1 (the last) or more, found " + layer);
        }
        return new EmbeddingOptions(new Values(values.pooling, values.normalized, layer, values.dimensions,
                values.truncate, values.deadline, values.timeout, values.cancellation));
    }

    /**
     * Returns these options with shorter vectors, cut before they are normalised. Only models that were trained for it
     * (Matryoshka representation learning) lose little by it.
     *
     * @param dimensions number of leading elements, or 0 for all
     * @throws IllegalArgumentException if {@code dimensions} is negative
     */
    public EmbeddingOptions withDimensions(int dimensions) {
        if (dimensions < 0) {
            throw new IllegalArgumentException("dimensions: expected 0 (all) or more, found " + dimensions);
        }
        return new EmbeddingOptions(new Values(values.pooling, values.normalized, values.layer, dimensions,
                values.truncate, values.deadline, values.timeout, values.cancellation));
    }

    /**
     * Returns these options with truncation of texts that are longer than the model's context, or an error for them.
     * The ids that the tokenizer adds after a text stay.
     */
    public EmbeddingOptions withTruncate(boolean truncate) {
        return new EmbeddingOptions(new Values(values.pooling, values.normalized, values.layer, values.dimensions,
                truncate, values.deadline, values.timeout, values.cancellation));
    }

    /**
     * Returns these options with another deadline; null for none. Past it, the call ends with a CancellationException
     * before the next block of layers.
     */
    public EmbeddingOptions withDeadline(Instant deadline) {
        return new EmbeddingOptions(new Values(values.pooling, values.normalized, values.layer, values.dimensions,
                values.truncate, deadline, values.timeout, values.cancellation));
    }

    /**
     * Returns these options with another timeout of each call; null for none. The earlier of deadline and timeout
     * counts.
     *
     * @throws IllegalArgumentException if {@code timeout} is negative
     */
    public EmbeddingOptions withTimeout(Duration timeout) {
        if (timeout != null && timeout.isNegative()) {
            throw new IllegalArgumentException("timeout: expected zero or more, found " + timeout);
        }
        return new EmbeddingOptions(new Values(values.pooling, values.normalized, values.layer, values.dimensions,
                values.truncate, values.deadline, timeout, values.cancellation));
    }

    /**
     * Returns these options with a function that ends a call with a CancellationException once it returns true; null
     * for none. The calling thread asks it before each layer.
     */
    public EmbeddingOptions withCancellation(BooleanSupplier cancellation) {
        return new EmbeddingOptions(new Values(values.pooling, values.normalized, values.layer, values.dimensions,
                values.truncate, values.deadline, values.timeout, cancellation));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof EmbeddingOptions options && values.equals(options.values);
    }

    @Override
    public int hashCode() {
        return values.hashCode();
    }

    @Override
    public String toString() {
        return values.toString().replaceFirst("Values", "EmbeddingOptions");
    }
}
