package io.github.t6j.attention.latent;

import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.LayerWeights;
import io.github.t6j.attention.Projection;
import io.github.t6j.attention.SharedPages;
import io.github.t6j.attention.TensorRole;
import io.github.t6j.attention.TwoStageProjection;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Sizes of {@link LatentAttention}: MLA, and its relatives GLA and MLRA.
 *
 * @param heads number of query heads, h
 * @param nope unrotated elements of a head's query and key, qk_nope_head_dim
 * @param valueDim elements of a head's value, v_head_dim
 * @param queryRank elements of the query's latent, q_lora_rank
 * @param keyValueRank elements of all latents of keys and values together, kv_lora_rank
 * @param rope rotated elements of a head's query and key, qk_rope_head_dim
 * @param parts division of the latent
 * @param factors constant factors of latents and output
 */
public record LatentConfig(
        int heads, int nope, int valueDim, int queryRank, int keyValueRank, int rope, Parts parts, Factors factors)
        implements
            AttentionConfig {
    /**
     * Division of a token's latent into several, {@link #latentDim} elements each, with separate norms.
     *
     * @param latents number of latents; MLA has one
     * @param branches number of attentions that a head sums, each over equally many latents; MLRA has several
     */
    public record Parts(int latents, int branches) {
        /** A single latent, as in MLA. */
        public static final Parts WHOLE = new Parts(1, 1);
    }

    /**
     * Constant factors of a model.
     *
     * @param query factor of the normalised latent of the query
     * @param latent factor of the normalised latents of keys and values
     * @param output factor of the attention's output
     */
    public record Factors(double query, double latent, double output) {
        /** Factors of 1. */
        public static final Factors NONE = new Factors(1, 1, 1);
    }

    /** Creates the sizes of MLA as in the official models. */
    public LatentConfig(int heads, int nope, int valueDim, int queryRank, int keyValueRank, int rope) {
        this(heads, nope, valueDim, queryRank, keyValueRank, rope, Parts.WHOLE, Factors.NONE);
    }

    @Override
    public int headDim() {
        return nope + rope;
    }

    /** Returns the number of elements of one latent. */
    public int latentDim() {
        return keyValueRank / parts.latents;
    }

    /** Returns the rows of the up-projection of one latent: a key and a value for each head that it serves. */
    public int upRows() {
        return parts.branches * heads / parts.latents * (nope + valueDim);
    }

    @Override
    public int rotatedDim() {
        return rope;
    }

    @Override
    public Map<String, Integer> sizes() {
        Map<String, Integer> sizes = new HashMap<>(
                Map.of("q_lora_rank", queryRank, "kv_lora_rank", keyValueRank, "qk_rope_dim", rope));
        if (parts.latents > 1) {
            sizes.putAll(Map.of("latents", parts.latents, "branches", parts.branches));
        }
        return Map.copyOf(sizes);
    }

    @Override
    public LatentAttention attention(LayerWeights weights, SharedPages shared) {
        float[] up = weights.floats(TensorRole.KEY_VALUE_UP);
        return new LatentAttention(
                this, up == null ? outputsFirst(weights.floats(TensorRole.KEY_VALUE_UP_INPUTS_FIRST)) : up,
                weights.arena());
    }

    /** Transposes [latents][latentDim][upRows] to [latents][upRows][latentDim]. */
    private float[] outputsFirst(float[] up) {
        float[] transposed = new float[up.length];
        int inputs = latentDim();
        int outputs = upRows();
        for (int at = 0; at < up.length; at += inputs * outputs) {
            for (int i = 0; i < inputs; i++) {
                for (int o = 0; o < outputs; o++) {
                    transposed[at + o * inputs + i] = up[at + i * outputs + o];
                }
            }
        }
        return transposed;
    }

    @Override
    public Projection projection(LayerWeights weights) {
        float[] latentNorms = times(factors.latent, weights.floats(TensorRole.LATENT_NORM));
        float[][] norms = new float[parts.latents][];
        Arrays.setAll(norms, i -> Arrays.copyOfRange(latentNorms, i * latentDim(), (i + 1) * latentDim()));
        return new TwoStageProjection(
                weights.packed(TensorRole.PROJECTION),
                times(factors.query, weights.floats(TensorRole.QUERY_LATENT_NORM)), norms,
                weights.packed(TensorRole.QUERY_UP));
    }

    /** Returns the text in the fingerprints of models, which must not change. */
    @Override
    public String toString() {
        return "LatentConfig[heads=" + heads + ", headDim=" + nope + ", valueDim=" + valueDim + ", queryRank="
                + queryRank + ", rank=" + keyValueRank + ", rope=" + rope + ", parts=" + parts + ", factors=" + factors
                + "]";
    }

    private static float[] times(double factor, float[] gains) {
        for (int i = 0; i < gains.length; i++) {
            gains[i] = (float) (factor * gains[i]);
        }
        return gains;
    }
}
