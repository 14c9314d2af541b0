package io.github.t6j.cli.bench;

import io.github.t6j.ModelInfo;
import java.util.ArrayList;
import java.util.List;

/**
 * Cache size of a model compared with other attentions, counted as in table 1 of the paper: elements that a token adds
 * to a layer's cache, and parameters of a layer's attention. One list has equal heads. The other has about equal
 * parameters: heads of the same size, and the number of heads that comes closest to the model's attention parameters.
 *
 * @param model the model itself
 * @param equalHeads MHA, GQA with 4 key heads, MQA and MLA with as many heads as the model; if the model caches other
 *     elements than its keys and values, also "dense" with these
 * @param equalParameters MHA, GQA with 2 key heads, MQA and MLA with about as many attention parameters; none if the
 *     model's are unknown
 */
public record CacheComparison(Entry model, List<Entry> equalHeads, List<Entry> equalParameters) {

    /** Key heads of the GQA in the paper's decoding experiment. */
    private static final int EQUAL_HEADS_GROUPS = 4;

    /** Key heads of the GQA in the paper's language models. */
    private static final int EQUAL_PARAMETERS_GROUPS = 2;

    /** Ranks of the paper's MLA, the same for all sizes. */
    private static final long QUERY_LATENT = 512;

    private static final long KEY_VALUE_LATENT = 256;
    private static final long LATENT_ROPE = 32;

    /**
     * An attention and its cost.
     *
     * @param name name in lower case: model, mha, gqa, mqa or mla
     * @param heads query heads
     * @param parameters weights of a layer's attention, with the output projection; 0 if unknown
     * @param elementsPerToken elements that a token adds to the cache of a layer
     */
    public record Entry(String name, int heads, long parameters, long elementsPerToken) {}

    /**
     * Compares a loaded model; its attention has all parameters outside the embedding and the feed-forward layers, unless
     * it has experts or layers of several kinds.
     */
    public static CacheComparison of(ModelInfo info) {
        ModelInfo.Sizes sizes = info.sizes();
        boolean isPlain = info.experts().count() == 0
                && (info.cache().tokenLayers() == 0 || info.cache().stateLayers() == 0);
        long inLayers = sizes.parameters() - (long) sizes.vocabulary() * sizes.width();
        long parameters = isPlain ? inLayers / sizes.layers() - 3L * sizes.width() * sizes.hidden() : 0;
        Entry model = new Entry("model", info.attention().heads(), parameters, info.cache().elementsPerToken());
        return of(model, sizes.width(), info.attention().headDim(),
                info.attention().sizes().getOrDefault("kv_heads", 0));
    }

    /** Returns the number of layers in which other attentions are compared: those that cache tokens, if any does. */
    public static int layers(ModelInfo info) {
        return info.cache().tokenLayers() > 0 ? info.cache().tokenLayers() : info.sizes().layers();
    }

    /**
     * Compares an attention.
     *
     * @param width n, elements of a position between blocks
     * @param headDim d
     * @param keyHeads key heads of the model, or 0
     */
    public static CacheComparison of(Entry model, int width, int headDim, int keyHeads) {
        List<Entry> equalHeads = new ArrayList<>();
        for (Baseline baseline : baselines(width, headDim, EQUAL_HEADS_GROUPS)) {
            equalHeads.add(baseline.ofHeads(model.heads));
        }
        if (keyHeads > 0 && model.elementsPerToken != 2L * keyHeads * headDim) {
            equalHeads.add(groups("dense", width, headDim, keyHeads).ofHeads(model.heads));
        }
        List<Entry> equalParameters = new ArrayList<>();
        for (Baseline baseline : baselines(width, headDim, EQUAL_PARAMETERS_GROUPS)) {
            if (model.parameters > 0) {
                equalParameters.add(baseline.ofHeads(baseline.nearestHeads(model.parameters)));
            }
        }
        return new CacheComparison(model, List.copyOf(equalHeads), List.copyOf(equalParameters));
    }

    /** Returns the baselines for the width n, the head size d, and g key heads of the GQA. */
    private static List<Baseline> baselines(long n, long d, int g) {
        long latent = KEY_VALUE_LATENT + LATENT_ROPE;
        // Up-projections of the latents: query and its RoPE part, key, value; then the output.
        long latentHead = QUERY_LATENT * (d + LATENT_ROPE) + KEY_VALUE_LATENT * 2 * d + n * d;
        return List.of(
                new Baseline("mha", 1, 4 * n * d, 0, 2 * d, 0),
                groups("gqa", n, d, g),
                new Baseline("mqa", 1, 2 * n * d, 2 * n * d, 0, 2 * d),
                new Baseline("mla", 1, latentHead, n * (QUERY_LATENT + latent), 0, latent));
    }

    private static Baseline groups(String name, long n, long d, int g) {
        return new Baseline(name, g, 2 * n * d, 2 * n * g * d, 0, 2 * g * d);
    }

    /**
     * An attention for any number of heads.
     *
     * @param multiple number that the heads are a multiple of
     * @param parameters weights per head
     * @param commonParameters weights that do not depend on the number of heads
     * @param elements cached elements per head
     * @param commonElements cached elements that do not depend on the number of heads
     */
    private record Baseline(
            String name, int multiple, long parameters, long commonParameters, long elements, long commonElements) {

        Entry ofHeads(int heads) {
            return new Entry(name, heads, heads * parameters + commonParameters, heads * elements + commonElements);
        }

        int nearestHeads(long allParameters) {
            double heads = (double) (allParameters - commonParameters) / parameters;
            return multiple * Math.toIntExact(Math.max(1, Math.round(heads / multiple)));
        }
    }
}
