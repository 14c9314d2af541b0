package io.github.t6j.attention;

/**
 * Role of a tensor in a model. Several matrices of one role are packed as one, in the order in which the family lists
 * them. Roles of a layer occur in each layer.
 */
public enum TensorRole {
    /** Embedding [vocabulary][width]; if tied, also the output matrix. */
    EMBEDDING,
    /** Output matrix [vocabulary][width], if it is not the embedding. */
    OUTPUT,
    /** Gain [width] of the norm before the output matrix. */
    OUTPUT_NORM,

    /** Gain [width] of a layer's norm before attention. */
    ATTENTION_NORM,
    /** Projection [·][width] from normed activations to a row of projections or latents. */
    PROJECTION,
    /** Bias of the outputs of {@link #PROJECTION}, in the same order. */
    PROJECTION_BIAS,
    /** Gain [headDim] of each head's query, before RoPE. */
    QUERY_NORM,
    /** Gain [headDim] of each head's key, before RoPE. */
    KEY_NORM,
    /** Gain of the query's latent. */
    QUERY_LATENT_NORM,
    /** Gain of the latent of keys and values, or of each of several latents. */
    LATENT_NORM,
    /** Up-projection [·][latent] from the query's latent to queries. */
    QUERY_UP,
    /** Up-projection [·][latent] from the latent to keys and values. */
    KEY_VALUE_UP,
    /** Up-projection [latents][latent][·] for several latents, inputs before outputs. */
    KEY_VALUE_UP_INPUTS_FIRST,
    /** Fixed factors of tensor product attention. */
    FIXED_A_Q, FIXED_B_Q, FIXED_A_K, FIXED_B_K, FIXED_A_V, FIXED_B_V,
    /** Biases [heads][ranks][state] of a state-space mixer's keys and queries. */
    STATE_KEY_BIAS, STATE_QUERY_BIAS,
    /** Factors [heads][ranks][headDim] of a state-space mixer's values, gates and outputs. */
    STATE_VALUE_FACTORS, STATE_GATE_FACTORS, STATE_OUTPUT_FACTORS,
    /** Bias of a state-space mixer's time step and factor of its values in the output, [heads]. */
    STATE_STEP_BIAS, STATE_SKIP,
    /** Gain [heads · headDim] of the norm of a state-space mixer's output. */
    STATE_OUTPUT_NORM,
    /** Gain [valueDim] of each head's output. */
    HEAD_NORM,
    /** Gates of attention's output, [heads · valueDim][width], by a sigmoid. */
    OUTPUT_GATE,
    /** Output matrix of attention, [width][heads · valueDim]. */
    ATTENTION_OUTPUT,
    /** Bias of the output of attention, [width]. */
    ATTENTION_OUTPUT_BIAS,

    /** Gain [width] of a layer's norm of the attention part. */
    ATTENTION_POST_NORM,
    /** Gain [width] of a layer's norm of the feed-forward part. */
    FEED_FORWARD_POST_NORM,

    /** Gain [width] of a layer's norm before the feed-forward part. */
    FEED_FORWARD_NORM,
    /** First matrix of the feed-forward part, [2 · hidden][width], gate above up. */
    GATE_UP,
    /** Bias of {@link #GATE_UP}, [2 · hidden]. */
    GATE_UP_BIAS,
    /** Second matrix of the feed-forward part, [width][hidden]. */
    DOWN,
    /** Bias of {@link #DOWN}, [width]. */
    DOWN_BIAS,

    /** Matrix that scores the experts of a layer, [experts][width]; never quantised. */
    ROUTER,
    /** First matrices of the experts: two tensors of each expert, [hidden][width], gate before up. */
    EXPERT_GATE_UP,
    /** Second matrices of the experts: a tensor of each expert, [width][hidden]. */
    EXPERT_DOWN,

    /** Projections [·][width] in the order of a row, like {@link #PROJECTION}, but each may keep its own type. */
    PROJECTIONS,
    /** Factors [heads] of queries in a scalable softmax. */
    SOFTMAX_SCALE,
    /** Scale and bias of the angle by which an update of a half block rotates the residual stream, two tensors. */
    MIXER_ROTATION, FEED_FORWARD_ROTATION,
    /** Bias [experts] with which a router chooses, but does not weigh. */
    ROUTER_BIAS,
    /** Matrices into the latent of the experts, [latent][width], and out of it. */
    EXPERT_LATENT, EXPERT_LATENT_UP,
    /** Matrices of the expert that all positions use, and its gate [1][width]. */
    SHARED_UP, SHARED_DOWN, SHARED_GATE,
    /** Logarithm of the factor of normalised logits, one element. */
    LOGIT_TEMPERATURE
}
