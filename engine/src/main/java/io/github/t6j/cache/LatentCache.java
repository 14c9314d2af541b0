package io.github.t6j.cache;

import io.github.t6j.cache.PageLayout.Vectors;
import java.util.List;

/**
 * What MLA keeps of a token, whatever its number of heads: kvLora + rope elements, the normalised latent of which keys
 * and values are made, and the rotated part of the key that all heads share.
 *
 * <pre>
 *   columns  k_pe [rope] | c [kvLora]      no rows: where values are summed, a page's latents are transposed on the way
 * </pre>
 *
 * @param rank elements of the latent, kvLora
 * @param rope elements of the rotated part
 */
public record LatentCache(int rank, int rope) {
    /** The pages that hold it. */
    public PageLayout layout() {
        return new PageLayout(List.of(Vectors.oneByOne(1, rope), Vectors.oneByOne(1, rank)), 0, 0);
    }

    /** First column of the latent. */
    public int latent() {
        return rope;
    }
}
