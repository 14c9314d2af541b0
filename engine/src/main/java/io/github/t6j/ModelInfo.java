package io.github.t6j;

import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.family.Families;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.Transformer;
import java.util.List;
import java.util.Map;

/**
 * Description of a loaded model.
 *
 * @param family family of the model: T6 (the official models and their baselines), MLRA, …
 * @param sizes sizes apart from attention
 * @param attention kind and sizes of the attention
 * @param cache sizes of the cache
 * @param weightFormat files that were read, and how
 * @param assumptions assumptions about facts that neither shapes nor config.json determine, a sentence each
 * @param kernels kernels that compute, such as {@code SIMD, 512-bit, 2 threads}
 */
public record ModelInfo(
        String family, Sizes sizes, Attention attention, Cache cache, String weightFormat, List<String> assumptions,
        String kernels) {

    /**
     * Sizes of a model apart from attention.
     *
     * @param vocabulary number of ids that have logits, including padding
     * @param layers number of blocks
     * @param width elements of a position between blocks (n_embd)
     * @param hidden elements of a position inside the feed-forward part
     * @param contextLength number of positions that the model was trained on (block_size)
     * @param parameters number of weights, tied ones once
     */
    public record Sizes(int vocabulary, int layers, int width, int hidden, int contextLength, long parameters) {}

    /**
     * Kind and sizes of an attention.
     *
     * @param name name such as {@code T6}, {@code T6 KV-only}, {@code GQA}, {@code MLA}, followed by unusual features
     * @param heads number of query heads
     * @param headDim elements of a head; for MLA, of the part of a query that is not rotated
     * @param valueDim elements of a head's value
     * @param headNorm true if each head's output is normalised
     * @param sizes other sizes by name, such as {@code q_rank}, {@code kv_heads} or {@code kv_lora_rank}
     */
    public record Attention(
            String name, int heads, int headDim, int valueDim, boolean headNorm, Map<String, Integer> sizes) {
        /** Returns a size by its name, or 0 if this attention has none of that name. */
        public int size(String size) {
            return sizes.getOrDefault(size, 0);
        }
    }

    /**
     * Sizes of a model's cache.
     *
     * @param elementsPerToken elements that one token adds to the cache of one layer; 0 with linear attention
     * @param stateElements elements of linear attention's state in one layer, whatever the number of tokens, or 0
     * @param sharedElementsPerPosition elements per position shared by all layers and sessions: rotated fixed keys, and
     *     RoPE's tables if B is shared
     */
    public record Cache(int elementsPerToken, int stateElements, int sharedElementsPerPosition) {}

    static ModelInfo of(Transformer transformer, String weightFormat, String kernels) {
        ModelConfig config = transformer.config();
        ModelConfig.Sizes sizes = config.sizes();
        AttentionConfig attention = config.attention();
        return new ModelInfo(
                config.family(),
                new Sizes(
                        sizes.vocabulary(), sizes.layers(), sizes.width(), sizes.hidden(), sizes.contextLength(),
                        Families.parameters(config)),
                new Attention(
                        config.name(), attention.heads(), attention.headDim(), attention.valueDim(),
                        config.norms().heads(), attention.sizes()),
                new Cache(
                        transformer.attention().elementsPerToken(), transformer.attention().stateElements(),
                        transformer.sharedElementsPerPosition()),
                weightFormat, config.assumptions(), kernels);
    }
}
