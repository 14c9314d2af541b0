package io.github.t6j.attention.grouped;

import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.LayerOptions;
import io.github.t6j.attention.LayerWeights;
import io.github.t6j.attention.SharedPages;
import io.github.t6j.attention.tpa.FactoredAttention;
import io.github.t6j.attention.tpa.TpaConfig;
import io.github.t6j.attention.tpa.forms.Factor;
import io.github.t6j.attention.tpa.forms.HeadActivation;
import io.github.t6j.attention.tpa.forms.TpaForm;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;

/**
 * Grouped query attention expressed as tensor product attention (paper, section 4). The g whole heads of keys and
 * values are features B of rank g; the head factors A are fixed: g if the head belongs to the group (the mean over
 * ranks makes it 1), else 0.
 *
 * @param heads number of query heads, h
 * @param headDim elements of a head, d
 * @param keyValueHeads number of key and value heads, g, a divisor of h
 * @param options norms, RoPE and windows of the layers
 */
public record GroupedFactors(int heads, int headDim, int keyValueHeads,
        LayerOptions options) implements AttentionConfig {
    @Override
    public Map<String, Integer> sizes() {
        return Map.of("kv_heads", keyValueHeads, "q_rank", 0, "k_rank", keyValueHeads, "v_rank", keyValueHeads);
    }

    @Override
    public FactoredAttention attention(LayerWeights weights, SharedPages shared) {
        TpaForm form = new TpaForm(
                new TpaConfig(heads, headDim, headDim, 0, keyValueHeads, keyValueHeads), 0, HeadActivation.LINEAR,
                false, EnumSet.of(Factor.A_K, Factor.A_V));
        Map<Factor, float[]> fixed = new EnumMap<>(Factor.class);
        float[] factors = headFactors(heads, keyValueHeads);
        fixed.put(Factor.A_K, factors);
        fixed.put(Factor.A_V, factors);
        return form.newAttention(fixed, shared, options.layer(weights));
    }

    /** Returns the fixed head factors A [heads][groups]; {@code heads} is a multiple of {@code groups}. */
    public static float[] headFactors(int heads, int groups) {
        float[] factors = new float[Math.multiplyExact(heads, groups)];
        for (int head = 0; head < heads; head++) {
            factors[head * groups + head / (heads / groups)] = groups;
        }
        return factors;
    }
}
