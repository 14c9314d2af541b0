package io.github.t6j.attention.tpa;

import io.github.t6j.attention.SharedPages;
import io.github.t6j.attention.tpa.forms.FixedFactors;
import io.github.t6j.attention.tpa.forms.KeyFeatures;
import io.github.t6j.cache.FactorCache;
import io.github.t6j.cache.Page;
import java.util.Map;

/**
 * Locations of the factors of a page's tokens: in the session's page, or in a shared page with equal columns for all
 * tokens.
 *
 * @param constants activated fixed factors, as they stand after the projections in a row
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
        Page in(Page own) {
            return fixed == null ? own : fixed;
        }
    }

    /** @param given fixed factors of the checkpoint */
    static FactorLocations of(TpaConfig form, FactorCache kept, Map<Factor, float[]> given, SharedPages shared) {
        FixedFactors fixed = FixedFactors.of(form, given);
        float[] features = fixed.elements().get(Factor.B_V);
        return new FactorLocations(
                fixed.concatenated(), keyFeatures(form, fixed.elements().get(Factor.B_K), shared),
                columns(fixed.elements().get(Factor.A_K), kept.keyHeadFactors(), shared),
                columns(fixed.elements().get(Factor.A_V), kept.valueHeadFactors(), shared),
                new Location(features == null ? null : shared.rows(features, form.valueFeatureDim()), 0));
    }

    private static Location columns(float[] fixed, int keptAt, SharedPages shared) {
        return fixed == null ? new Location(null, keptAt) : new Location(shared.columns(fixed), 0);
    }

    private static KeyFeatures keyFeatures(TpaConfig form, float[] fixed, SharedPages shared) {
        if (fixed != null) {
            return new KeyFeatures.Fixed(shared.rotated(fixed, form.featureDim()));
        }
        return form.keepsSharedFeatures()
                ? new KeyFeatures.Shared(form.keyRank(), form.featureDim(), shared.rope(), shared.tables())
                : new KeyFeatures.Kept();
    }
}
