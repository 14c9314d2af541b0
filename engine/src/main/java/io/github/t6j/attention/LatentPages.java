package io.github.t6j.attention;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.cache.LatentCache;
import io.github.t6j.cache.Page;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;

/**
 * How queries meet a page of latents: each latent is key and value of as many consecutive softmaxes, k_pe is the rest of
 * every key.
 *
 * <pre>
 *   queries  q_pe [heads][rope] | q [branches · heads][keyDim]     scaled
 *   scores   q_pe[h] · k_pe + q[b · heads + h] · the first keyDim elements of its latent
 * </pre>
 *
 * @param kept what is cached
 * @param heads query heads
 * @param branches softmaxes that a head has, {@link Attention#branches}
 * @param keyDim elements of a latent that queries meet; all of it are summed
 */
record LatentPages(LatentCache kept, int heads, int branches, int keyDim) {
    /** Floats of a row of queries. */
    int queryFloats() {
        return heads * (kept.rope() + branches * keyDim);
    }

    /** First float of the queries that meet latents. */
    int queriesAt() {
        return heads * kept.rope();
    }

    /** Softmaxes that a latent serves. */
    private int served() {
        return branches * heads / kept.latents();
    }

    /** Which latent serves softmax {@code softmax}. */
    int latentOf(int softmax) {
        return softmax / served();
    }

    /** Bytes in which {@link #values} transposes a latent. */
    long bytes() {
        return (long) PANEL * Kernels.padded(kept.rank()) * Float.BYTES;
    }

    /** Scores of all softmaxes, to {@code scores} [branches · heads][64]. */
    void scores(Kernels kernels, float[] queries, int at, Page page, float[] scores) {
        page.multiplyColumns(kernels, queries, at, heads, kept.rope(), 0, scores, 0);
        for (int branch = 1; branch < branches; branch++) {
            System.arraycopy(scores, 0, scores, branch * heads * PANEL, heads * PANEL);
        }
        for (int latent = 0; latent < kept.latents(); latent++) {
            int softmax = latent * served();
            page.addColumns(
                    kernels, queries, at + queriesAt() + softmax * keyDim, served(), keyDim, kept.latent(latent),
                    scores,
                    softmax * PANEL);
        }
    }

    /** Adds the latents of a page's first {@code count} tokens, times state.probabilities, to state.span.out. */
    void values(Kernels kernels, Page page, int count, PageState state) {
        int rank = kept.rank();
        int stride = Kernels.padded(rank);
        for (int latent = 0; latent < kept.latents(); latent++) {
            int softmax = latent * served();
            page.transposeColumns(kernels, kept.latent(latent), rank, state.offHeap, stride);
            kernels.multiply(
                    state.probabilities, softmax * PANEL, PANEL, served(), count, Format.F32, state.offHeap, 0, stride,
                    rank, state.span.out, softmax * PANEL, branches * heads * PANEL, true);
        }
    }
}
