package io.github.t6j.cache;

import io.github.t6j.cache.PageLayout.Vectors;
import java.util.List;

/**
 * What attention on latents keeps of a token, whatever its number of heads: latents · rank + rope elements, the
 * normalised latents of which keys and values are made (MLA has one, GLA and MLRA several), and the rotated part of the
 * key that all heads share.
 *
 * <pre>
 *   columns  k_pe [rope] | c [latents][rank]     no rows: where values are summed, a page's latents are transposed on the way
 * </pre>
 *
 * @param latents of a token
 * @param rank elements of a latent
 * @param rope elements of the rotated part
 */
public record LatentCache(int latents, int rank, int rope) {
    /** The pages that hold it. */
    public PageLayout layout() {
        return new PageLayout(List.of(Vectors.oneByOne(1, rope), Vectors.oneByOne(latents, rank)), 0, 0);
    }

    /** First column of latent {@code i}. */
    public int latent(int i) {
        return rope + i * rank;
    }
}
