package io.github.t6j.attention.tpa.forms;

import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.LayerOptions;
import io.github.t6j.attention.LayerWeights;
import io.github.t6j.attention.SharedPages;
import io.github.t6j.attention.tpa.FactoredAttention;
import io.github.t6j.attention.tpa.TpaConfig;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/**
 * Form of a tensor product attention beyond the official sizes: third, fixed and shared factors, and an activation.
 *
 * @param config sizes of the heads, and ranks; with a third factor d = d_b · d_c and e = e_b · d_c
 * @param thirdDim elements of the third factor C, d_c (higher order; paper, appendix C), or 0 without one
 * @param activation activation of all head factors
 * @param sharedFeatures true if B_V is B_K before RoPE
 * @param fixed factors that are parameters, equal for every token, instead of projections
 */
public record TpaForm(
        TpaConfig config, int thirdDim, HeadActivation activation, boolean sharedFeatures, Set<Factor> fixed)
        implements
            AttentionConfig {

    public TpaForm {
        // in the order of the enum, since toString is part of a model's fingerprint
        fixed = Collections.unmodifiableSet(fixed.isEmpty() ? EnumSet.noneOf(Factor.class) : EnumSet.copyOf(fixed));
    }

    /** Returns the official form: second order, no fixed or shared factors, no activation. */
    public static TpaForm official(TpaConfig config) {
        return new TpaForm(config, 0, HeadActivation.LINEAR, false, Set.of());
    }

    /** Returns the config alone if this is the official form, otherwise this form. */
    public AttentionConfig simplified() {
        return equals(official(config)) ? config : this;
    }

    @Override
    public int heads() {
        return config.heads();
    }

    @Override
    public int headDim() {
        return config.headDim();
    }

    @Override
    public int valueDim() {
        return config.valueDim();
    }

    @Override
    public int rotatedDim() {
        return featureDim();
    }

    @Override
    public Map<String, Integer> sizes() {
        return config.sizes();
    }

    @Override
    public FactoredAttention attention(LayerWeights weights, SharedPages shared) {
        Map<Factor, float[]> factors = new EnumMap<>(Factor.class);
        fixed.forEach(factor -> factors.put(factor, weights.floats(factor.fixedRole())));
        return newAttention(factors, shared, LayerOptions.Layer.PLAIN);
    }

    /**
     * Returns attention of this form.
     *
     * @param factors elements of the fixed factors, before activation and rotation, without B_V if B is shared
     * @param shared pages for the fixed factors; may be null for a form without fixed factors and shared B
     */
    public FactoredAttention newAttention(
            Map<Factor, float[]> factors, SharedPages shared, LayerOptions.Layer layer) {
        return thirdDim == 0
                ? new FormAttention(this, factors, shared, layer)
                : new ThirdOrderAttention(this, factors, shared, layer);
    }

    /** Returns true if {@code factor} is the same for every token. */
    public boolean isFixed(Factor factor) {
        return fixed.contains(factor == Factor.B_V && sharedFeatures ? Factor.B_K : factor);
    }

    /** Returns true if the cache stores one B per token for both keys and values. */
    boolean cachesSharedFeatures() {
        return sharedFeatures && !isFixed(Factor.B_K);
    }

    /** Returns the number of vectors of {@link #featureDim} elements in a head: d_c, or 1. */
    int headVectors() {
        return Math.max(1, thirdDim);
    }

    /** Returns the number of elements of a feature factor B of queries and keys, which RoPE rotates: d_b, or d. */
    public int featureDim() {
        return headDim() / headVectors();
    }

    /** Returns the number of elements of a feature factor B of values. */
    int valueFeatureDim() {
        return valueDim() / headVectors();
    }

    /** Returns the number of vectors of {@link #featureDim} elements in a query: R_Q, or all heads' if it is whole. */
    int queryVectors() {
        return config.queryRank() == 0 ? heads() * headVectors() : config.queryRank();
    }

    private int rank(Factor factor) {
        return switch (factor) {
            case A_Q, B_Q -> config.queryRank();
            case A_K, B_K -> config.keyRank();
            case A_V, B_V -> config.valueRank();
        };
    }

    /** Returns the number of rows of a factor: h, or its rank. */
    public int rows(Factor factor) {
        return factor.isHeads() ? heads() : rank(factor);
    }

    /** Returns the number of columns of a factor: its rank, d_b or e_b. */
    public int columns(Factor factor) {
        return factor.isHeads() ? rank(factor) : factor == Factor.B_V ? valueFeatureDim() : featureDim();
    }

    /** Returns the number of elements of a factor. */
    public int size(Factor factor) {
        return rows(factor) * columns(factor);
    }
}
