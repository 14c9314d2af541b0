package io.github.t6j;

/** Algorithm that computes attention. Both give the same results up to rounding. */
public enum AttentionPath {
    /** FlashTPA: directly from the cached factors. */
    FACTORED,
    /** Oracle in float64: rebuilds K and V from the cache in every step. Slow. */
    MATERIALIZED
}
