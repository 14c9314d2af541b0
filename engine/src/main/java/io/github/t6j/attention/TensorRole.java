package io.github.t6j.attention;

/**
 * What a tensor of a model is for. Several matrices of one role are packed as one, in the order in which a family lists
 * them; roles of a layer are there once a layer.
 */
public enum TensorRole {
    /** [vocabulary][width]; tied: the output matrix, too. */
    EMBEDDING,
    /** [vocabulary][width]: the output matrix, where it is not the embedding. */
    OUTPUT,
    /** Gain [width] of the norm before the output matrix. */
    OUTPUT_NORM,

    /** Gain [width] of a layer's norm before attention. */
    ATTENTION_NORM,
    /** [·][width]: what makes a row of projections, or of latents. */
    PROJECTION,
    /** Of what {@link #PROJECTION} makes, in the same order. */
    PROJECTION_BIAS,
    /** Gain [headDim] of each head's query, before RoPE. */
    QUERY_NORM,
    /** Gain [headDim] of each head's key, before RoPE. */
    KEY_NORM,
    /** Gain of the query's latent. */
    QUERY_LATENT_NORM,
    /** Gain of the latent of keys and values; of several, one each. */
    LATENT_NORM,
    /** [·][latent]: from the query's latent to queries. */
    QUERY_UP,
    /** [·][latent]: from the latent to keys and values. */
    KEY_VALUE_UP,
    /** [latents][latent][·]: the same for several latents, inputs before outputs. */
    KEY_VALUE_UP_INPUTS_FIRST,
    /** A fixed factor, see {@link Factor}. */
    FIXED_A_Q, FIXED_B_Q, FIXED_A_K, FIXED_B_K, FIXED_A_V, FIXED_B_V,
    /** Gain [valueDim] of each head's output. */
    HEAD_NORM,
    /** [width][heads · valueDim]. */
    ATTENTION_OUTPUT,
    /** [width]. */
    ATTENTION_OUTPUT_BIAS,

    /** Gain [width] of a layer's norm before the feed-forward part. */
    FEED_FORWARD_NORM,
    /** [2 · hidden][width], gate above up. */
    GATE_UP,
    /** [2 · hidden]. */
    GATE_UP_BIAS,
    /** [width][hidden]. */
    DOWN,
    /** [width]. */
    DOWN_BIAS;

    /** The role of a fixed factor. */
    public static TensorRole fixed(Factor factor) {
        return valueOf("FIXED_" + factor.name());
    }
}
