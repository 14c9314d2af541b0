package io.github.t6j.attention;

import io.github.t6j.cache.SequenceCache;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;

/**
 * An attention as a block sees it: what the block projects for it, how a row is rotated, and which cache and algorithm
 * serve it. One object a layer; all layers of a model have the same shape.
 *
 * <p>How it works inside is said by narrower interfaces: {@link PageAttention} (how a query meets a page of the cache),
 * {@link MaterializedHeads} (its definition, for the oracle), {@link DenseHeads} (whole heads of a row).
 */
public interface Attention {
    /** Query heads, h. */
    int heads();

    /** Elements of a head's query and of its key, d: the scores' scale is 1/√d. */
    int headDim();

    /** Elements of a head's value, and so of its output. */
    default int valueDim() {
        return headDim();
    }

    /** Attentions that a head sums, each with keys, values and a softmax of its own, and the same query. */
    default int branches() {
        return 1;
    }

    /** Elements that the projection makes of a position, at the front of its row. */
    int projections();

    /** Floats of a row: the projections, and what {@link #rotateAndActivate} adds behind them. */
    default int rowFloats() {
        return projections();
    }

    /**
     * Makes of a row's projections what everything else reads: rotated by the row's position, activated, with the
     * factors that do not come from the token.
     */
    void rotateAndActivate(Rope rope, AttentionPass pass, int row);

    /** Elements that one token adds to the cache of a layer. */
    int elementsPerToken();

    /** Elements that a layer keeps however many tokens there are: linear attention's state. */
    default int stateElements() {
        return 0;
    }

    /** An empty cache for {@code layers} layers, which stores elements in {@code format}. */
    SequenceCache newCache(Format format, int layers);

    /** Computes this attention over {@code cache}, which {@link #newCache} made; belongs to one sequence. */
    AttentionAlgorithm newAlgorithm(SequenceCache cache, Kernels kernels, Workers workers);

    /** Its definition, for {@link MaterializedAttention}. */
    MaterializedHeads materialized();

    /** Bytes of weights that attention itself reads for a token, besides those of its projections. */
    default long weightBytes() {
        return 0;
    }

    /** Whether the number of a pass's rows chooses how they are computed: bits then depend on where a prompt is cut. */
    default boolean rowsChooseForm() {
        return false;
    }

    /** Positions that a query sees, its own included; 0: all before it, too. */
    default int window() {
        return 0;
    }

    /** Whether scores are scaled and pass through a softmax; without, values are summed by the scores themselves. */
    default boolean hasSoftmax() {
        return true;
    }
}
