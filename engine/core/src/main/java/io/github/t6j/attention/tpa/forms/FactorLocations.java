package io.github.t6j.attention.tpa.forms;

import io.github.t6j.attention.SharedPages;
import io.github.t6j.cache.Page;
import java.util.EnumMap;
import java.util.Map;

/**
 * Locations of the factors of a page's tokens: in the session's page, or in a shared page with equal columns for all
 * tokens.
 *
 * @param constants activated fixed factors, as they follow the projections in a row
 * @param keyFeatures rotated B_K
 * @param keyHeads A_K, in columns
 * @param valueHeads A_V, in columns
 * @param valueFeatures B_V, in rows
 */
record FactorLocations(
        float[] constants, KeyFeatures keyFeatures, Location keyHeads, Location valueHeads, Location valueFeatures) {

    /**
     * Location of a factor.
     *
     * @param fixed page of a fixed factor, or null if the factor is in the session's page
     * @param first first column of the factor
     */
    record Location(Page fixed, int first) {
        Page in(Page page) {
            return fixed == null ? page : fixed;
        }
    }

    /** @param given fixed factors of the checkpoint */
    static FactorLocations of(TpaForm form, FormRow row, Map<Factor, float[]> given, SharedPages shared) {
        Map<Factor, float[]> fixed = fixed(form, given);
        float[] constants = new float[fixed.values().stream().mapToInt(factor -> factor.length).sum()];
        fixed.forEach((factor, elements) -> System.arraycopy(
                elements, 0, constants, row.at(factor) - row.projections, elements.length));
        float[] features = fixed.get(Factor.B_V);
        return new FactorLocations(
                constants, keyFeatures(form, fixed.get(Factor.B_K), shared),
                columns(fixed.get(Factor.A_K), row.at(Factor.A_K) - row.columns, shared),
                columns(fixed.get(Factor.A_V), row.at(Factor.A_V) - row.columns, shared),
                new Location(features == null ? null : shared.rows(features, form.valueFeatureDim()), 0));
    }

    /** Returns the fixed factors as attention uses them: A is activated, a shared B is present as B_K and as B_V. */
    private static Map<Factor, float[]> fixed(TpaForm form, Map<Factor, float[]> given) {
        Map<Factor, float[]> fixed = new EnumMap<>(Factor.class);
        for (Factor factor : Factor.values()) {
            if (form.isFixed(factor)) {
                boolean shared = factor == Factor.B_V && form.sharedFeatures();
                float[] copy = given.get(shared ? Factor.B_K : factor).clone();
                if (factor.isHeads()) {
                    form.activation().apply(copy, 0, form.heads(), form.columns(factor));
                }
                fixed.put(factor, copy);
            }
        }
        return fixed;
    }

    private static Location columns(float[] fixed, int column, SharedPages shared) {
        return fixed == null ? new Location(null, column) : new Location(shared.columns(fixed), 0);
    }

    private static KeyFeatures keyFeatures(TpaForm form, float[] fixed, SharedPages shared) {
        if (fixed != null) {
            return new KeyFeatures.Fixed(shared.rotated(fixed, form.featureDim()));
        }
        return form.cachesSharedFeatures()
                ? new KeyFeatures.Shared(form.config().keyRank(), form.featureDim(), shared.rope(), shared.tables())
                : new KeyFeatures.Cached();
    }
}
