package io.github.t6j;

import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.latent.LatentConfig;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.family.registry.Families;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.Transformer;
import java.util.List;
import java.util.Map;

/**
 * Description of a loaded model.
 *
 * @param family family of the model: T6 (the official models and their baselines), MLRA, …
 * @param sizes sizes apart from attention
 * @param experts numbers and sizes of experts
 * @param attention kind and sizes of the attention
 * @param cache sizes of the cache
 * @param weightFormat files that were read, and how, and the adapters that were added to the weights
 * @param assumptions assumptions about facts that neither shapes nor config.json determine, a sentence each; {@link
 *     ModelOptions#withVariant} chooses RoPE's variant instead
 * @param kernels kernels that compute, such as {@code SIMD, 512-bit, 2 threads}
 */
public record ModelInfo(
        String family, Sizes sizes, Experts experts, Attention attention, Cache cache, String weightFormat,
        List<String> assumptions,
        String kernels) {

    /**
     * Sizes of a model apart from attention.
     *
     * @param vocabulary number of ids that have logits, including padding
     * @param layers number of blocks
     * @param width elements of a position between blocks (n_embd)
     * @param hidden elements of a position inside the feed-forward part; without dense layers, inside one expert
     * @param contextLength number of positions that the model was trained on (block_size)
     * @param parameters number of weights, tied ones once
     */
    public record Sizes(int vocabulary, int layers, int width, int hidden, int contextLength, long parameters) {}

    /**
     * Numbers and sizes of the experts in feed-forward parts; 0 for models without experts.
     *
     * @param count number of experts in a layer
     * @param used number of experts that a position uses
     * @param hidden elements of a position inside an expert
     * @param layers number of layers with experts
     */
    public record Experts(int count, int used, int hidden, int layers) {
        private static Experts of(ModelConfig.Experts experts) {
            return experts == null
                    ? new Experts(0, 0, 0, 0)
                    : new Experts(experts.count(), experts.used(), experts.hidden(), experts.layers().size());
        }
    }

    /**
     * Kind and sizes of an attention.
     *
     * @param name name such as {@code T6}, {@code T6 KV-only}, {@code GQA}, {@code MLA}, followed by unusual features
     * @param heads number of query heads
     * @param headDim elements of a head; for MLA, of the unrotated part of a query
     * @param valueDim elements of a head's value
     * @param headNorm true if each head's output is normalised
     * @param sizes sizes that only some attentions have, by name: kv_heads; q_rank (0 for whole queries), k_rank and
     *     v_rank of TPA; q_lora_rank and kv_lora_rank, the elements of latents; qk_rope_dim, the elements of a key that
     *     carry RoPE apart from latents or tied keys; latents; branches
     */
    public record Attention(
            String name, int heads, int headDim, int valueDim, boolean headNorm, Map<String, Integer> sizes) {
        public Attention {
            sizes = Map.copyOf(sizes);
        }
    }

    /**
     * Cache of a layer: elements of each token, or a state of fixed size.
     *
     * @param elementsPerToken elements that one token adds to the cache; 0 with a state
     * @param exactElements how many of them are f32 in every cache
     * @param stateElements floats of the state of linear attention or Mamba, for any number of tokens, or 0
     * @param window number of tokens that a query sees, including its own, or 0 for all
     * @param keptWindow number of tokens that the cache keeps for a query, or 0 for all
     */
    public record LayerCache(
            int elementsPerToken, int exactElements, int stateElements, int window, int keptWindow) {
        private static LayerCache of(io.github.t6j.attention.Attention layer) {
            return new LayerCache(layer.elementsPerToken(), layer.exactElements(), layer.stateElements(),
                    layer.window(), layer.cachedWindow());
        }
    }

    /**
     * Sizes of a model's cache.
     *
     * @param sharedElementsPerPosition elements per position shared by all layers and sessions: rotated fixed keys, and
     *     RoPE's tables if B is shared
     * @param layers cache of each layer
     */
    public record Cache(int sharedElementsPerPosition, List<LayerCache> layers) {
        public Cache {
            layers = List.copyOf(layers);
        }

        /** Returns the number of {@code tokens} that a layer of {@code window} keeps; a window of 0 keeps all. */
        public static int keptTokens(int window, int tokens) {
            return PagedCache.keptTokens(window, tokens);
        }

        /** Returns the elements that one token adds to a layer without a state; 0 if all layers have a state. */
        public int elementsPerToken() {
            return layers.stream().mapToInt(LayerCache::elementsPerToken).max().orElse(0);
        }

        /** Returns the bytes that one token adds to the cache of all layers, without scales and padding. */
        public long bytesPerToken(CacheType type) {
            return layers.stream()
                    .mapToLong(layer -> (long) layer.elementsPerToken * type.elementBytes()
                            + (long) layer.exactElements * (Float.BYTES - type.elementBytes()))
                    .sum();
        }

        /** Returns the floats of a layer's state, for any number of tokens; 0 if no layer has one. */
        public int stateElements() {
            return layers.stream().mapToInt(LayerCache::stateElements).max().orElse(0);
        }

        /** Returns the number of layers that keep elements of each token. */
        public int tokenLayers() {
            return Math.toIntExact(layers.stream().filter(layer -> layer.elementsPerToken > 0).count());
        }

        /** Returns the number of layers that keep a state. */
        public int stateLayers() {
            return Math.toIntExact(layers.stream().filter(layer -> layer.stateElements > 0).count());
        }

        /** Returns the bytes of the states of all layers, which are f32 in every cache. */
        public long stateBytes() {
            return layers.stream().mapToLong(LayerCache::stateElements).sum() * Float.BYTES;
        }

        /** Returns the number of tokens that a query of each layer sees, including its own, or 0 for all. */
        public List<Integer> windows() {
            return layers.stream().map(LayerCache::window).toList();
        }

        /** Returns the number of elements that {@code tokens} tokens take in all layers, without states. */
        public long elements(int tokens) {
            return layers.stream()
                    .mapToLong(layer -> (long) layer.elementsPerToken * keptTokens(layer.keptWindow, tokens))
                    .sum();
        }
    }

    static ModelInfo of(Transformer transformer, String weightFormat, String kernels) {
        ModelConfig config = transformer.config();
        ModelConfig.Sizes sizes = config.sizes();
        AttentionConfig attention = config.attention();
        return new ModelInfo(
                config.family(),
                new Sizes(
                        sizes.vocabulary(), sizes.layers(), sizes.width(), sizes.hidden(), sizes.contextLength(),
                        Families.parameters(config)),
                Experts.of(config.experts()),
                new Attention(
                        config.name(), attention.heads(),
                        attention instanceof LatentConfig latent ? latent.nope() : attention.headDim(),
                        attention.valueDim(), config.norms().heads(), attention.sizes()),
                new Cache(
                        transformer.memory().sharedElementsPerPosition(),
                        transformer.attentions().stream().map(LayerCache::of).toList()),
                weightFormat, config.assumptions(), kernels);
    }
}
