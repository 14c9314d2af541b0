package io.github.t6j.attention.tpa.forms;

import io.github.t6j.attention.tpa.Factor;
import io.github.t6j.attention.tpa.TpaConfig;
import java.util.EnumMap;
import java.util.Map;

/**
 * Fixed factors as attention uses them: A is activated, and a shared B is present as B_K and as B_V.
 *
 * @param elements elements by factor, in the order of {@link Factor}
 */
public record FixedFactors(Map<Factor, float[]> elements) {

    /** @param given fixed factors of the checkpoint */
    public static FixedFactors of(TpaConfig form, Map<Factor, float[]> given) {
        Map<Factor, float[]> elements = new EnumMap<>(Factor.class);
        for (Factor factor : Factor.values()) {
            if (form.isFixed(factor)) {
                boolean shared = factor == Factor.B_V && form.sharedFeatures();
                float[] copy = given.get(shared ? Factor.B_K : factor).clone();
                if (factor.isHeads()) {
                    form.activation().apply(copy, 0, form.heads(), form.columns(factor));
                }
                elements.put(factor, copy);
            }
        }
        return new FixedFactors(elements);
    }

    /** Returns all fixed factors concatenated in the order of {@code FactorRow}. */
    public float[] concatenated() {
        float[] all = new float[elements.values().stream().mapToInt(factor -> factor.length).sum()];
        int at = 0;
        for (float[] factor : elements.values()) {
            System.arraycopy(factor, 0, all, at, factor.length);
            at += factor.length;
        }
        return all;
    }
}
