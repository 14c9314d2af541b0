package io.github.t6j.attention;

import io.github.t6j.cache.PageLayout;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.cache.SequenceCache;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import java.lang.foreign.Arena;

/**
 * Attention of a layer as seen by its block: the size of its projections, the rotation of a row, its cache and its
 * algorithm. Each layer has its own object. Layers of a model whose objects have the same class are of one kind: they
 * have the same shape and share a cache and an algorithm. A model's layers may be of several kinds.
 *
 * <p>A block calls, for all rows of a pass: its projection, {@link #rotateAndActivate} for each row, append and attend
 * of the algorithm, and {@link #finish} for each row; then it multiplies the output by W_o. A layer whose memory is a
 * state of fixed size (linear attention, Mamba) has no pages ({@link #pages} is null): it implements
 * {@link #stateElements}, keeps a {@code StateCache}, and advances the state in attend.
 *
 * <p>Narrower interfaces describe its inner workings: {@code PageAttention} (a query and a page of the cache),
 * {@link MaterializedHeads} (the definition, for the oracle), {@link DenseHeads} (whole heads of a row).
 */
public interface Attention {
    /** Returns the number of query heads, h. */
    int heads();

    /** Returns the number of elements of a head's query and key, d. */
    int headDim();

    /** Returns the divisor of products of queries and keys, √d unless the model defines another. */
    default double scoreDivisor() {
        return Math.sqrt(headDim());
    }

    /** Returns the limit c of soft-capped scores, c · tanh(score / c), before mask and softmax; 0 for none. */
    default float scoreCap() {
        return 0f;
    }

    /** Returns the number of elements of a head's value and output. */
    default int valueDim() {
        return headDim();
    }

    /**
     * Returns the number of attentions that a head sums, with separate keys, values and softmaxes for the same query.
     */
    default int branches() {
        return 1;
    }

    /** Returns the number of elements that the projection writes at the front of a position's row. */
    int projections();

    /**
     * Returns the number of floats of a row: the projections and the elements that {@link #rotateAndActivate} appends.
     */
    default int rowFloats() {
        return projections();
    }

    /**
     * Completes a row of projections: rotates it by its position, activates head factors, and appends the factors that
     * do not depend on the token.
     */
    void rotateAndActivate(Rope rope, AttentionPass pass, int row);

    /**
     * Completes a row of output, [heads][valueDim] from {@code row · outputWidth}: differences of heads, gates, norms.
     * Reads the row's projections; the elements that W_o multiplies are then at the front of the row.
     */
    default void finish(AttentionPass pass, int row, Kernels kernels) {}

    /** Returns true if {@link #finish} does something. */
    default boolean finishes() {
        return false;
    }

    /** Returns the number of elements that one token adds to the cache of a layer. */
    int elementsPerToken();

    /** Returns how many of {@link #elementsPerToken} are f32 in every format of the cache. */
    default int exactElements() {
        return 0;
    }

    /** Returns the number of floats of a layer's fixed-size state (linear attention, Mamba), or 0 without one. */
    default int stateElements() {
        return 0;
    }

    /** Returns the number of floats of the state that the oracle keeps, or 0 without one. */
    default int oracleStateElements() {
        return 0;
    }

    /**
     * Returns the layout of the pages that this layer caches, or null if it keeps a state.
     *
     * @param materialized true for the oracle's
     */
    PageLayout pages(boolean materialized);

    /** Returns an empty cache for {@code layers} layers that see all tokens and store elements in {@code format}. */
    default SequenceCache newCache(Format format, int layers) {
        return newCache(format, new int[layers]);
    }

    /**
     * Returns an empty cache that stores elements in {@code format}.
     *
     * @param windows {@link #window} of each layer
     */
    SequenceCache newCache(Format format, int[] windows);

    /**
     * Returns an algorithm that computes this attention over caches from {@link #newCache}, not yet bound to one.
     *
     * @param scratch arena of its off-heap buffers
     */
    AttentionAlgorithm newAlgorithm(Kernels kernels, Workers workers, Arena scratch);

    /** Returns an algorithm for {@code cache} alone, whose buffers are freed after a garbage collection. */
    default AttentionAlgorithm newAlgorithm(SequenceCache cache, Kernels kernels, Workers workers) {
        AttentionAlgorithm algorithm = newAlgorithm(kernels, workers, Arena.ofAuto());
        algorithm.bind(cache);
        return algorithm;
    }

    /**
     * Returns the definition of this attention, for {@code MaterializedAttention}; not called if {@link #newOracle}
     * returns an algorithm.
     */
    MaterializedHeads materialized();

    /** Returns an empty cache for the definition of this attention in float64. */
    default SequenceCache newOracleCache(Format format, int[] windows) {
        return new PagedCache(pages(true), format, windows);
    }

    /** Returns the definition in float64 over {@link #newOracleCache}, or null for {@code MaterializedAttention}. */
    default AttentionAlgorithm newOracle(Workers workers) {
        return null;
    }

    /** Returns the bytes of weights that attention itself reads per token; its projection does not count. */
    default long weightBytes() {
        return 0;
    }

    /**
     * Returns true if the number of rows of a pass chooses the algorithm, so that bits depend on a prompt's chunks.
     */
    default boolean bitsDependOnRows() {
        return false;
    }

    /** Returns the number of positions that a query sees, including its own, or 0 for all. */
    default int window() {
        return 0;
    }

    /** Returns the number of tokens that the cache must keep for {@link #window}, or 0 for all. */
    default int cachedWindow() {
        return window();
    }

    /** Returns true for scaled scores and a softmax; false if values are weighted by the scores themselves. */
    default boolean hasSoftmax() {
        return true;
    }
}
