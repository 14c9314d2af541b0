package io.github.t6j.cache;

import io.github.t6j.cache.PageLayout.Vectors;
import java.util.List;

/**
 * What TPA keeps of a token: (R_K + R_V)·(h + d) numbers where keys and values have one size; the
 * factors, B_K already rotated.
 *
 * <pre>
 *   columns  B_K [R_K][d] | A_K [h][R_K] | A_V [h][R_V]     the order in which the projection makes them
 *   rows     B_V [R_V][e]
 * </pre>
 *
 * @param heads h
 * @param headDim d, numbers of a key
 * @param valueDim e, numbers of a value
 * @param keyRank R_K
 * @param valueRank R_V
 */
public record FactorCache(int heads, int headDim, int valueDim, int keyRank, int valueRank) {
    /** The pages that hold it. */
    public PageLayout layout() {
        return new PageLayout(
                List.of(
                        Vectors.oneByOne(keyRank, headDim),
                        Vectors.interleaved(keyRank, heads),
                        Vectors.interleaved(valueRank, heads)),
                valueRank, valueDim);
    }

    /** First column of key factor {@code k}'s B_K. */
    public int keyFeatures(int k) {
        return k * headDim;
    }

    /** First column of A_K. */
    public int keyHeadFactors() {
        return keyRank * headDim;
    }

    /** First column of A_V. */
    public int valueHeadFactors() {
        return keyHeadFactors() + heads * keyRank;
    }
}
