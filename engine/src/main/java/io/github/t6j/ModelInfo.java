package io.github.t6j;

import java.util.List;
import java.util.Map;

/**
 * What a loaded model is.
 *
 * @param family which models it is one of: T6 (the official ones and their baselines), MLRA
 * @param sizes of what is not attention
 * @param attention which attention, and its sizes
 * @param cache what it keeps
 * @param weightFormat which files were read, and how
 * @param assumptions what neither shapes nor config.json said and was therefore assumed, a sentence each
 * @param kernels the kernels that compute, such as {@code SIMD, 512-bit, 2 threads}
 */
public record ModelInfo(
        String family, Sizes sizes, Attention attention, Cache cache, String weightFormat, List<String> assumptions,
        String kernels) {

    /**
     * Sizes of what is not attention.
     *
     * @param vocabulary ids that have logits, padding included
     * @param layers number of blocks
     * @param width elements of a position between blocks (n_embd)
     * @param hidden elements of a position inside the feed-forward part
     * @param contextLength positions that the model was trained on (block_size)
     * @param parameters number of weights, tied ones once
     */
    public record Sizes(int vocabulary, int layers, int width, int hidden, int contextLength, long parameters) {}

    /**
     * Which attention.
     *
     * @param name such as {@code T6}, {@code T6 KV-only}, {@code GQA}, {@code MLA}, with what is unusual
     * @param heads query heads
     * @param headDim elements of a head; of MLA those of a query that are not rotated
     * @param valueDim elements of a head's value
     * @param headNorm whether each head's output is normalised
     * @param sizes its other sizes by name, such as {@code q_rank}, {@code kv_heads} or {@code kv_lora_rank}
     */
    public record Attention(
            String name, int heads, int headDim, int valueDim, boolean headNorm, Map<String, Integer> sizes) {
        /** A size by its name, or 0: this attention has none of that name. */
        public int size(String size) {
            return sizes.getOrDefault(size, 0);
        }
    }

    /**
     * What it keeps.
     *
     * @param elementsPerToken elements that one token adds to the cache of one layer; 0 with linear attention
     * @param stateElements elements that linear attention keeps in one layer, whatever the number of tokens, or 0
     * @param sharedElementsPerPosition elements that a position takes once, for all layers and sessions: fixed keys,
     *     rotated, and RoPE's tables where B is shared
     */
    public record Cache(int elementsPerToken, int stateElements, int sharedElementsPerPosition) {}
}
