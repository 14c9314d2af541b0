package io.github.t6j.cli;

import io.github.t6j.ModelInfo;
import java.util.ArrayList;
import java.util.List;

/**
 * What a model's cache takes beside other attentions, as table 1 of the paper counts it: elements that a token adds in a
 * layer, and parameters of the layer's attention. Once at equal heads, and once at equal parameters: heads of the same
 * size, as many as come nearest to the model's attention parameters.
 *
 * @param model the model itself
 * @param equalHeads MHA, GQA with 4 key heads, MQA and MLA with as many heads as the model
 * @param equalParameters MHA, GQA with 2 key heads, MQA and MLA with about as many attention parameters
 */
record CacheComparison(Entry model, List<Entry> equalHeads, List<Entry> equalParameters) {

    /** Key heads of the GQA in the paper's decoding experiment. */
    private static final int EQUAL_HEADS_GROUPS = 4;

    /** Key heads of the GQA in the paper's language models. */
    private static final int EQUAL_PARAMETERS_GROUPS = 2;

    /** Ranks of the paper's MLA, the same for all sizes. */
    private static final long QUERY_LATENT = 512;

    private static final long KEY_VALUE_LATENT = 256;
    private static final long LATENT_ROPE = 32;

    /**
     * An attention.
     *
     * @param name in lower case: model, mha, gqa, mqa or mla
     * @param heads query heads
     * @param parameters weights of a layer's attention, the output's included
     * @param elementsPerToken elements that a token adds to the cache of a layer
     */
    record Entry(String name, int heads, long parameters, long elementsPerToken) {}

    /** The comparison for a loaded model; its attention parameters are what embedding and feed-forward parts leave. */
    static CacheComparison of(ModelInfo info) {
        ModelInfo.Sizes sizes = info.sizes();
        long inLayers = sizes.parameters() - (long) sizes.vocabulary() * sizes.width();
        long parameters = inLayers / sizes.layers() - 3L * sizes.width() * sizes.hidden();
        Entry model = new Entry("model", info.attention().heads(), parameters, info.cache().elementsPerToken());
        return of(model, sizes.width(), info.attention().headDim());
    }

    /**
     * The comparison for an attention.
     *
     * @param width n, elements of a position between blocks
     * @param headDim d
     */
    static CacheComparison of(Entry model, int width, int headDim) {
        List<Entry> equalHeads = new ArrayList<>();
        for (Baseline baseline : baselines(width, headDim, EQUAL_HEADS_GROUPS)) {
            equalHeads.add(baseline.ofHeads(model.heads));
        }
        List<Entry> equalParameters = new ArrayList<>();
        for (Baseline baseline : baselines(width, headDim, EQUAL_PARAMETERS_GROUPS)) {
            equalParameters.add(baseline.ofHeads(baseline.nearestHeads(model.parameters)));
        }
        return new CacheComparison(model, List.copyOf(equalHeads), List.copyOf(equalParameters));
    }

    /** n: width, d: head size, g: key heads of the GQA. */
    private static List<Baseline> baselines(long n, long d, int g) {
        long latent = KEY_VALUE_LATENT + LATENT_ROPE;
        // up from the latents: query and its RoPE part, key, value; and the output
        long latentHead = QUERY_LATENT * (d + LATENT_ROPE) + KEY_VALUE_LATENT * 2 * d + n * d;
        return List.of(
                new Baseline("mha", 1, 4 * n * d, 0, 2 * d, 0),
                new Baseline("gqa", g, 2 * n * d, 2 * n * g * d, 0, 2 * g * d),
                new Baseline("mqa", 1, 2 * n * d, 2 * n * d, 0, 2 * d),
                new Baseline("mla", 1, latentHead, n * (QUERY_LATENT + latent), 0, latent));
    }

    /**
     * An attention of any number of heads.
     *
     * @param multiple what the number of heads is a multiple of
     * @param parameters weights a head
     * @param commonParameters weights besides
     * @param elements cached elements a head
     * @param commonElements cached elements besides
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
