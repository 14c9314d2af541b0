package io.github.t6j.attention;

import io.github.t6j.cache.FactorCache;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/**
 * The form of a tensor product attention: the sizes of its factors, and where they come from.
 *
 * @param heads h
 * @param headDim d; with a third factor d = d_b · d_c
 * @param valueDim e, elements of a value, d in every model; with a third factor e = d_c · what B_V has
 * @param thirdDim d_c, elements of the third factor C (higher order, paper, appendix C), or 0: there is none
 * @param ranks of the factors
 * @param activation of all head factors
 * @param sharedFeatures whether B_V is B_K before RoPE
 * @param fixed the factors that are parameters, the same for every token, not projections of it
 */
public record TensorProduct(
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
     * Ranks.
     *
     * @param query R_Q, or 0 for a query that is not factored
     * @param key R_K
     * @param value R_V
     */
    public record Ranks(int query, int key, int value) {}

    /** @throws IllegalArgumentException for a form that contradicts itself */
    public TensorProduct {
        int queryRank = ranks.query;
        int keyRank = ranks.key;
        int valueRank = ranks.value;
        // in their own order: the text of a form is part of what tells models apart
        fixed = Collections.unmodifiableSet(fixed.isEmpty() ? EnumSet.noneOf(Factor.class) : EnumSet.copyOf(fixed));
        if (sharedFeatures && (keyRank != valueRank || headDim != valueDim || fixed.contains(Factor.B_V))) {
            throw new IllegalArgumentException("shared B: expected equal ranks and sizes and no B_V of its own, found"
                    + " ranks " + keyRank + " and " + valueRank + ", sizes " + headDim + " and " + valueDim + ", fixed "
                    + fixed);
        }
        if (thirdDim > 0 && (headDim % thirdDim != 0 || valueDim % thirdDim != 0)) {
            throw new IllegalArgumentException("third factor: expected its size to divide the sizes of keys and values,"
                    + " " + headDim + " and " + valueDim + ", found " + thirdDim);
        }
        if (queryRank == 0 && (fixed.contains(Factor.A_Q) || fixed.contains(Factor.B_Q))) {
            throw new IllegalArgumentException("fixed: a whole query has no factors, found " + fixed);
        }
    }

    /** The official T6 (KV-only with query rank 0): second order, every factor of the token. */
    public static TensorProduct official(
            int heads, int headDim, int valueDim, int queryRank, int keyRank, int valueRank) {
        return new TensorProduct(
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

    /** Whether {@code factor} is the same for every token. */
    public boolean isFixed(Factor factor) {
        return fixed.contains(factor == Factor.B_V && sharedFeatures ? Factor.B_K : factor);
    }

    /** Whether B is kept once per token, for keys and values. */
    public boolean keepsSharedFeatures() {
        return sharedFeatures && !isFixed(Factor.B_K);
    }

    /** Vectors of {@link #featureDim} elements in a head: d_c, or 1. */
    public int pieces() {
        return Math.max(1, thirdDim);
    }

    /** Elements of a feature factor B of queries and keys, which RoPE rotates: d_b, or d. */
    public int featureDim() {
        return headDim / pieces();
    }

    /** Elements of a feature factor B of values. */
    public int valueFeatureDim() {
        return valueDim / pieces();
    }

    /** Vectors of {@link #featureDim} elements in a query: its features, or those of its whole heads. */
    public int queryVectors() {
        return ranks.query == 0 ? heads * pieces() : ranks.query;
    }

    /** R_Q, or 0 for a whole query. */
    public int queryRank() {
        return ranks.query;
    }

    /** R_K. */
    public int keyRank() {
        return ranks.key;
    }

    /** R_V. */
    public int valueRank() {
        return ranks.value;
    }

    /** Rank of a factor. */
    private int rank(Factor factor) {
        return switch (factor) {
            case A_Q, B_Q -> ranks.query;
            case A_K, B_K -> ranks.key;
            case A_V, B_V -> ranks.value;
        };
    }

    /** Rows of a factor: h or its rank. */
    public int rows(Factor factor) {
        return factor.isHeads() ? heads : rank(factor);
    }

    /** Columns of a factor: its rank or d_b. */
    public int columns(Factor factor) {
        return factor.isHeads() ? rank(factor) : factor == Factor.B_V ? valueFeatureDim() : featureDim();
    }

    /** Elements of a factor. */
    int size(Factor factor) {
        return rows(factor) * columns(factor);
    }

    /** What a page keeps of a token. */
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
