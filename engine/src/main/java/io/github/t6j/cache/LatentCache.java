package io.github.t6j.cache;

import io.github.t6j.cache.PageLayout.Vectors;
import java.util.List;

/**
 * Cache layout of attention on latents: latents · rank + rope elements per token, for any number of heads. They are the
 * normalised latents from which keys and values are made (one in MLA, several in GLA and MLRA), and the rotated part of
 * the key that all heads share.
 *
 * <pre>
 *   columns  k_pe [rope] | c [latents][rank]     no rows: the latents of a page are transposed to sum values
 * </pre>
 *
 * @param latents number of latents of a token
 * @param rank number of elements of a latent
 * @param rope number of elements of the rotated part
 */
public record LatentCache(int latents, int rank, int rope) {
    /** Returns the layout of the pages that hold the latents. */
    public PageLayout layout() {
        return new PageLayout(List.of(Vectors.oneByOne(1, rope), Vectors.oneByOne(latents, rank)), 0, 0);
    }

    /** Returns the first column of latent {@code i}. */
    public int latent(int i) {
        return rope + i * rank;
    }
}
