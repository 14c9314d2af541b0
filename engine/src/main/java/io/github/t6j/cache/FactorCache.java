package io.github.t6j.cache;

import io.github.t6j.cache.PageLayout.Vectors;
import java.util.stream.Stream;

/**
 * What TPA keeps of a token: the factors that depend on it, (R_K + R_V)·(h + d) elements if all do. B_K is rotated
 * already, unless B is shared: then it stands once, in rows, not rotated.
 *
 * <pre>
 *   columns  B_K [R_K][d_b] | C_K [R_K][d_c] | A_K [h][R_K] | A_V [h][R_V] | C_V [R_V][d_c]   as the projection has them
 *   rows     B_V [R_V][e_b]
 * </pre>
 *
 * Each only where it is there and of the token; C is of higher order (d = d_b · d_c), without it d_b = d. The
 * size of a value, e (so e_b), is d in every model.
 *
 * @param keyRank R_K
 * @param valueRank R_V
 * @param keyFeatures elements of B_K, or 0
 * @param keyThird elements of C_K, or 0
 * @param keyHeads elements of A_K, or 0
 * @param valueHeads elements of A_V, or 0
 * @param valueThird elements of C_V, or 0
 * @param valueFeatures rows of B_V (or of shared B), or 0
 * @param valueDim e_b, elements in each
 */
public record FactorCache(
        int keyRank, int valueRank, int keyFeatures, int keyThird, int keyHeads, int valueHeads, int valueThird,
        int valueFeatures, int valueDim) {

    /** The pages that hold it. */
    public PageLayout layout() {
        return new PageLayout(
                Stream.of(
                        Vectors.oneByOne(keyRank, keyFeatures / keyRank),
                        Vectors.oneByOne(keyRank, keyThird / keyRank),
                        Vectors.interleaved(keyRank, keyHeads / keyRank),
                        Vectors.interleaved(valueRank, valueHeads / valueRank),
                        Vectors.oneByOne(valueRank, valueThird / valueRank))
                        .filter(vectors -> vectors.length() > 0)
                        .toList(),
                valueFeatures, valueDim);
    }

    /** First column of C_K; B_K begins at 0. */
    public int keyThirdAt() {
        return keyFeatures;
    }

    /** First column of A_K. */
    public int keyHeadFactors() {
        return keyThirdAt() + keyThird;
    }

    /** First column of A_V. */
    public int valueHeadFactors() {
        return keyHeadFactors() + keyHeads;
    }

    /** First column of C_V. */
    public int valueThirdAt() {
        return valueHeadFactors() + valueHeads;
    }
}
