package io.github.t6j.model;

/**
 * The sizes that MLA has besides heads and head size.
 *
 * @param queryRank elements of the query's latent, q_lora_rank
 * @param rank elements of the latent of keys and values, kv_lora_rank
 * @param rope elements of a query and key that are rotated, qk_rope_head_dim, besides those of the head size
 * @param valueDim elements of a value, v_head_dim
 */
public record LatentSizes(int queryRank, int rank, int rope, int valueDim) {}
