package io.github.t6j.cache;

import io.github.t6j.cache.PageLayout.Vectors;
import java.util.List;

/**
 * Cache layout of MHA, GQA and MQA: 2·g·d elements per token, the rotated keys and the values of g heads.
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
    /** Returns the layout of the pages that hold keys and values. */
    public PageLayout layout() {
        return new PageLayout(List.of(Vectors.oneByOne(keyValueHeads, headDim)), keyValueHeads, headDim);
    }

    /** Returns the first column of the keys of head {@code g}. */
    public int keys(int g) {
        return g * headDim;
    }
}
