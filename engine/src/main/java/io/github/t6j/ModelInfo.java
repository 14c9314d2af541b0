package io.github.t6j;

import java.util.List;

/**
 * What a loaded model is.
 *
 * @param variant the attention's name, such as {@code T6}, {@code T6 KV-only}, {@code GQA}, {@code MLA}
 * @param vocabularySize ids that have logits, padding included
 * @param layers number of blocks
 * @param width elements per position between blocks (n_embd)
 * @param heads query heads
 * @param headDim elements per head; with MLA those of a query that are not rotated
 * @param keyValueHeads heads of keys and values (MHA, GQA, MQA), or 0 where they are factored or made of latents
 * @param queryRank rank of the query's factors, or 0 where the query is not factored
 * @param keyRank rank of the key's factors, or 0
 * @param valueRank rank of the value's factors, or 0
 * @param queryLatentRank elements of MLA's query latent (q_lora_rank), or 0
 * @param latentRank elements of MLA's latent of keys and values (kv_lora_rank), or 0
 * @param latentRope elements of MLA's queries and keys that are rotated (qk_rope_head_dim), or 0
 * @param valueDim elements of a head's value; {@code headDim} save with MLA (v_head_dim)
 * @param groupNorm whether each head's output is normalised
 * @param hidden elements per position inside the feed-forward part
 * @param contextLength positions that the model was trained on (block_size)
 * @param parameters number of weights, tied ones once
 * @param cacheElementsPerToken elements that one token adds to the cache of one layer; 0 with linear attention
 * @param stateElements elements that linear attention keeps in one layer, whatever the number of tokens, or 0
 * @param sharedElementsPerPosition elements that a position takes once, for all layers and sessions: fixed keys, rotated,
 *     and RoPE's tables where B is shared
 * @param weightFormat which files were read, and how
 * @param assumptions what neither shapes nor config.json said and was therefore assumed, a sentence each
 * @param kernels the kernels that compute, such as {@code SIMD, 512-bit, 2 threads}
 */
public record ModelInfo(
        String variant,
        int vocabularySize,
        int layers,
        int width,
        int heads,
        int headDim,
        int keyValueHeads,
        int queryRank,
        int keyRank,
        int valueRank,
        int queryLatentRank,
        int latentRank,
        int latentRope,
        int valueDim,
        boolean groupNorm,
        int hidden,
        int contextLength,
        long parameters,
        int cacheElementsPerToken,
        int stateElements,
        int sharedElementsPerPosition,
        String weightFormat,
        List<String> assumptions,
        String kernels) {}
