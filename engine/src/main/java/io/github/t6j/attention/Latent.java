package io.github.t6j.attention;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * The sizes of {@link LatentAttention}: MLA, and its relatives GLA and MLRA.
 *
 * @param heads query heads, h
 * @param headDim elements of a head's query and key that are not rotated, qk_nope_head_dim
 * @param valueDim elements of a head's value, v_head_dim
 * @param queryRank elements of the query's latent, q_lora_rank
 * @param rank elements of all latents of keys and values, kv_lora_rank
 * @param rope elements of a query and key that are rotated, qk_rope_head_dim
 * @param parts into which the latent is divided
 * @param factors what the parts are multiplied by
 */
public record Latent(
        int heads, int headDim, int valueDim, int queryRank, int rank, int rope, Parts parts, Factors factors)
        implements
            AttentionConfig {
    /**
     * The latents of a token, {@code rank / latents} elements each, with a norm of its own.
     *
     * @param latents how many: MLA has one
     * @param branches attentions that a head sums, each over as many latents: MLRA has several
     */
    public record Parts(int latents, int branches) {
        /** MLA's. */
        public static final Parts WHOLE = new Parts(1, 1);
    }

    /**
     * Factors that a model has beside its weights.
     *
     * @param query of the normalised latent of the query
     * @param latent of those of keys and values
     * @param output of what attention gives
     */
    public record Factors(double query, double latent, double output) {
        /** No factors. */
        public static final Factors NONE = new Factors(1, 1, 1);
    }

    /** MLA as the official models have it. */
    public Latent(int heads, int headDim, int valueDim, int queryRank, int rank, int rope) {
        this(heads, headDim, valueDim, queryRank, rank, rope, Parts.WHOLE, Factors.NONE);
    }

    /** Elements of one latent. */
    public int latentDim() {
        return rank / parts.latents;
    }

    /** Rows of what makes keys and values of one latent: those of its heads, a key and a value each. */
    public int upRows() {
        return parts.branches * heads / parts.latents * (headDim + valueDim);
    }

    @Override
    public int rotatedDim() {
        return rope;
    }

    @Override
    public Map<String, Integer> sizes() {
        Map<String, Integer> sizes = new HashMap<>(
                Map.of("q_lora_rank", queryRank, "kv_lora_rank", rank, "qk_rope_dim", rope));
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

    /** From [latents][latentDim][upRows] to [latents][upRows][latentDim]. */
    private float[] outputsFirst(float[] up) {
        float[] turned = new float[up.length];
        int inputs = latentDim();
        int outputs = upRows();
        for (int at = 0; at < up.length; at += inputs * outputs) {
            for (int i = 0; i < inputs; i++) {
                for (int o = 0; o < outputs; o++) {
                    turned[at + o * inputs + i] = up[at + i * outputs + o];
                }
            }
        }
        return turned;
    }

    @Override
    public Projection projection(LayerWeights weights) {
        float[] latentNorms = times(factors.latent, weights.floats(TensorRole.LATENT_NORM));
        float[][] norms = new float[parts.latents][];
        Arrays.setAll(norms, i -> Arrays.copyOfRange(latentNorms, i * latentDim(), (i + 1) * latentDim()));
        return new LatentProjection(
                this, weights.packed(TensorRole.PROJECTION),
                times(factors.query, weights.floats(TensorRole.QUERY_LATENT_NORM)), norms,
                weights.packed(TensorRole.QUERY_UP));
    }

    private static float[] times(double factor, float[] gains) {
        for (int i = 0; i < gains.length; i++) {
            gains[i] = (float) (factor * gains[i]);
        }
        return gains;
    }
}
