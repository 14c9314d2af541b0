package io.github.t6j.attention.tpa;

import io.github.t6j.attention.DenseConfig;
import io.github.t6j.attention.LayerWeights;
import io.github.t6j.attention.SharedPages;
import io.github.t6j.attention.tpa.forms.HeadActivation;
import io.github.t6j.cache.FactorCache;
import io.github.t6j.model.TensorRole;
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
 * @param ranks ranks of the factors
 * @param activation activation of all head factors
 * @param sharedFeatures true if B_V is B_K before RoPE
 * @param fixed factors that are parameters, equal for every token, instead of projections
 */
public record TpaConfig(
        int heads,
        int headDim,
        int valueDim,
        int thirdDim,
        Ranks ranks,
        HeadActivation activation,
        boolean sharedFeatures,
        Set<Factor> fixed)
        implements
            DenseConfig {

    /**
     * Ranks of the factors.
     *
     * @param query rank of the query, R_Q, or 0 for whole queries
     * @param key rank of the key, R_K
     * @param value rank of the value, R_V
     */
    public record Ranks(int query, int key, int value) {}

    /** @throws IllegalArgumentException if the arguments contradict each other */
    public TpaConfig {
        int queryRank = ranks.query;
        int keyRank = ranks.key;
        int valueRank = ranks.value;
        // in the order of the enum, since toString is part of a model's fingerprint
        fixed = Collections.unmodifiableSet(fixed.isEmpty() ? EnumSet.noneOf(Factor.class) : EnumSet.copyOf(fixed));
        if (sharedFeatures && (keyRank != valueRank || headDim != valueDim || fixed.contains(Factor.B_V))) {
            throw new IllegalArgumentException("shared B: expected equal ranks and sizes and no B_V of its own, found"
                    + " ranks " + keyRank + " and " + valueRank + ", sizes " + headDim + " and " + valueDim + ", fixed "
                    + fixed);
        }
        if (thirdDim > 0 && (headDim % thirdDim != 0 || valueDim % thirdDim != 0)) {
            throw new IllegalArgumentException("third factor: expected a size that divides those of keys and values,"
                    + " " + headDim + " and " + valueDim + ", found " + thirdDim);
        }
        if (queryRank == 0 && (fixed.contains(Factor.A_Q) || fixed.contains(Factor.B_Q))) {
            throw new IllegalArgumentException("fixed: expected no factors of a whole query, found " + fixed);
        }
    }

    /** Returns the form of the official T6 (KV-only with query rank 0): second order, no fixed or shared factors. */
    public static TpaConfig official(
            int heads, int headDim, int valueDim, int queryRank, int keyRank, int valueRank) {
        return new TpaConfig(
                heads, headDim, valueDim, 0, new Ranks(queryRank, keyRank, valueRank), HeadActivation.LINEAR, false,
                Set.of());
    }

    @Override
    public int rotatedDim() {
        return featureDim();
    }

    @Override
    public Map<String, Integer> sizes() {
        return Map.of("q_rank", ranks.query, "k_rank", ranks.key, "v_rank", ranks.value);
    }

    @Override
    public TensorProductAttention attention(LayerWeights weights, SharedPages shared) {
        Map<Factor, float[]> factors = new EnumMap<>(Factor.class);
        fixed.forEach(factor -> factors.put(factor, weights.floats(TensorRole.fixed(factor))));
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
        return ranks.query == 0 ? heads * pieces() : ranks.query;
    }

    /** Returns R_Q, or 0 for a whole query. */
    public int queryRank() {
        return ranks.query;
    }

    /** Returns R_K. */
    public int keyRank() {
        return ranks.key;
    }

    /** Returns R_V. */
    public int valueRank() {
        return ranks.value;
    }

    /** Returns the rank of a factor. */
    private int rank(Factor factor) {
        return switch (factor) {
            case A_Q, B_Q -> ranks.query;
            case A_K, B_K -> ranks.key;
            case A_V, B_V -> ranks.value;
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

    /** Returns the layout of a token's factors in a page. */
    public FactorCache kept() {
        return new FactorCache(
                new FactorCache.Factors(
                        ranks.key, isFixed(Factor.A_K) ? 0 : heads * ranks.key,
                        isFixed(Factor.B_K) || sharedFeatures ? 0 : ranks.key * featureDim(), ranks.key * thirdDim),
                new FactorCache.Factors(
                        ranks.value, isFixed(Factor.A_V) ? 0 : heads * ranks.value,
                        isFixed(Factor.B_V) ? 0 : ranks.value, ranks.value * thirdDim),
                valueFeatureDim());
    }
}
