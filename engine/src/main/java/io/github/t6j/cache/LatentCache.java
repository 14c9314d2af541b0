package io.github.t6j.cache;

/**
 * What MLA keeps of a token, whatever its number of heads: kvLora + rope numbers, the normalised latent of which keys
 * and values are made, and the rotated part of the key that all heads share.
 *
 * <pre>
 *   columns  k_pe [rope] | c [kvLora]      no rows: where values are summed, a page's latents are transposed on the way
 * </pre>
 *
 * @param rank numbers of the latent, kvLora
 * @param rope numbers of the rotated part
 */
public record LatentCache(int rank, int rope) {
    /** The pages that hold it. */
    public PageLayout layout() {
        return new PageLayout(rope + rank, 0, 0);
    }

    /** First column of the latent. */
    public int latent() {
        return rope;
    }
}
