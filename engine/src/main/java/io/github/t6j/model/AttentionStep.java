package io.github.t6j.model;

import io.github.t6j.attention.Attention;

/** Attention of a pass's rows, whichever sequences they are of: a {@link Transformer.Sequence}'s or a {@link Batch}'s. */
@FunctionalInterface
interface AttentionStep {
    /** Keeps the first {@code rows} rows of a.projections and computes their attention, to a.attended. */
    void attend(Attention attention, int layer, int rows, Activations a);
}
