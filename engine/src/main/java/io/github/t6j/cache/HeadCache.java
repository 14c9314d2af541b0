package io.github.t6j.cache;

import io.github.t6j.cache.PageLayout.Vectors;
import java.util.List;

/**
 * What MHA, GQA and MQA keep of a token: 2·g·d elements, keys (rotated) and values of g heads.
 *
 * <pre>
 *   columns  K [g][d]
 *   rows     V [g][d]
 * </pre>
 *
 * @param keyValueHeads g
 * @param headDim d
 */
public record HeadCache(int keyValueHeads, int headDim) {
    /** The pages that hold it. */
    public PageLayout layout() {
        return new PageLayout(List.of(Vectors.oneByOne(keyValueHeads, headDim)), keyValueHeads, headDim);
    }

    /** First column of the keys of head {@code g}. */
    public int keys(int g) {
        return g * headDim;
    }
}
