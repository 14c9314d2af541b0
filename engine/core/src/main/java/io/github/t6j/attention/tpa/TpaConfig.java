package io.github.t6j.attention.tpa;

import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.LayerWeights;
import io.github.t6j.attention.SharedPages;
import io.github.t6j.attention.tpa.forms.HeadActivation;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/**
 * Form of a tensor product attention: the sizes of its factors, and which of them are fixed or shared.
 *
 * @param heads number of heads, h
 * @param headDim elements of a query and a key, d; with a third factor d = d_b · d_c
 * @param valueDim elements of a value, e, equal to d in every known model; with a third factor e = e_b · d_c
 * @param thirdDim elements of the third factor C, d_c (higher order; paper, appendix C), or 0 without one
 * @param queryRank rank of the query, R_Q, or 0 for whole queries
 * @param keyRank rank of the key, R_K
 * @param valueRank rank of the value, R_V
 * @param activation activation of all head factors
 * @param sharedFeatures true if B_V is B_K before RoPE
 * @param fixed factors that are parameters, equal for every token, instead of projections
 */
public record TpaConfig(
        int heads,
        int headDim,
        int valueDim,
        int thirdDim,
        int queryRank,
        int keyRank,
        int valueRank,
        HeadActivation activation,
        boolean sharedFeatures,
        Set<Factor> fixed)
        implements
            AttentionConfig {

    public TpaConfig {
        // in the order of the enum, since toString is part of a model's fingerprint
        fixed = Collections.unmodifiableSet(fixed.isEmpty() ? EnumSet.noneOf(Factor.class) : EnumSet.copyOf(fixed));
    }

    /** Returns the form of the official T6 (KV-only with query rank 0): second order, no fixed or shared factors. */
    public static TpaConfig official(
            int heads, int headDim, int valueDim, int queryRank, int keyRank, int valueRank) {
        return new TpaConfig(
                heads, headDim, valueDim, 0, queryRank, keyRank, valueRank, HeadActivation.LINEAR, false,
                Set.of());
    }

    @Override
    public int rotatedDim() {
        return featureDim();
    }

    @Override
    public Map<String, Integer> sizes() {
        return Map.of("q_rank", queryRank, "k_rank", keyRank, "v_rank", valueRank);
    }

    @Override
    public TensorProductAttention attention(LayerWeights weights, SharedPages shared) {
        Map<Factor, float[]> factors = new EnumMap<>(Factor.class);
        fixed.forEach(factor -> factors.put(factor, weights.floats(factor.fixedRole())));
        return new TensorProductAttention(this, factors, shared);
    }

    /** Returns true if {@code factor} is the same for every token. */
    public boolean isFixed(Factor factor) {
        return fixed.contains(factor == Factor.B_V && sharedFeatures ? Factor.B_K : factor);
    }

    /** Returns true if the cache stores one B per token for both keys and values. */
    public boolean keepsSharedFeatures() {
        return sharedFeatures && !isFixed(Factor.B_K);
    }

    /** Returns the number of vectors of {@link #featureDim} elements in a head: d_c, or 1. */
    public int pieces() {
        return Math.max(1, thirdDim);
    }

    /** Returns the number of elements of a feature factor B of queries and keys, which RoPE rotates: d_b, or d. */
    public int featureDim() {
        return headDim / pieces();
    }

    /** Returns the number of elements of a feature factor B of values. */
    public int valueFeatureDim() {
        return valueDim / pieces();
    }

    /**
     * Returns the number of vectors of {@link #featureDim} elements in a query: its features, or the pieces of its
     * whole heads.
     */
    public int queryVectors() {
        return queryRank == 0 ? heads * pieces() : queryRank;
    }

    private int rank(Factor factor) {
        return switch (factor) {
            case A_Q, B_Q -> queryRank;
            case A_K, B_K -> keyRank;
            case A_V, B_V -> valueRank;
        };
    }

    /** Returns the number of rows of a factor: h, or its rank. */
    public int rows(Factor factor) {
        return factor.isHeads() ? heads : rank(factor);
    }

    /** Returns the number of columns of a factor: its rank, d_b or e_b. */
    public int columns(Factor factor) {
        return factor.isHeads() ? rank(factor) : factor == Factor.B_V ? valueFeatureDim() : featureDim();
    }

    /** Returns the number of elements of a factor. */
    int size(Factor factor) {
        return rows(factor) * columns(factor);
    }
}
