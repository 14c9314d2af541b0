package io.github.t6j.attention;

import io.github.t6j.cache.FactorCache;
import io.github.t6j.cache.Page;
import java.util.Map;

/**
 * Where the factors of a page's tokens stand: in the session's page, or in one that is the same for all tokens.
 *
 * @param constants the fixed factors, activated, as a row has them behind its projections
 * @param keyFeatures B_K, rotated
 * @param keyHeads A_K
 * @param valueHeads A_V
 * @param valueFeatures B_V, in rows
 */
record FactorPlaces(
        float[] constants, KeyFeatures keyFeatures, Place keyHeads, Place valueHeads, Place valueFeatures) {

    /**
     * One factor's place.
     *
     * @param fixed the page that all tokens share, or null
     * @param first its first column
     */
    record Place(Page fixed, int first) {
        Page in(Page own) {
            return fixed == null ? own : fixed;
        }
    }

    /** @param given the fixed factors of a checkpoint */
    static FactorPlaces of(TensorProduct form, FactorCache kept, Map<Factor, float[]> given, SharedPages shared) {
        FixedFactors fixed = FixedFactors.of(form, given);
        float[] features = fixed.elements().get(Factor.B_V);
        return new FactorPlaces(
                fixed.concatenated(), keyFeatures(form, fixed.elements().get(Factor.B_K), shared),
                columns(fixed.elements().get(Factor.A_K), kept.keyHeadFactors(), shared),
                columns(fixed.elements().get(Factor.A_V), kept.valueHeadFactors(), shared),
                new Place(features == null ? null : shared.rows(features, form.valueFeatureDim()), 0));
    }

    private static Place columns(float[] fixed, int keptAt, SharedPages shared) {
        return fixed == null ? new Place(null, keptAt) : new Place(shared.columns(fixed), 0);
    }

    private static KeyFeatures keyFeatures(TensorProduct form, float[] fixed, SharedPages shared) {
        if (fixed != null) {
            return new KeyFeatures.Fixed(shared.rotated(fixed, form.featureDim()));
        }
        return form.keepsSharedFeatures()
                ? new KeyFeatures.Shared(form.keyRank(), form.featureDim(), shared.rope(), shared.tables())
                : new KeyFeatures.Kept();
    }
}
