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
 * @param key of the key
 * @param value of the value
 * @param valueDim e_b, elements of a row of B_V
 */
public record FactorCache(Factors key, Factors value, int valueDim) {
    /**
     * The factors of a key or a value that depend on the token.
     *
     * @param rank R
     * @param heads elements of A, or 0
     * @param features elements of B_K, or rows of B_V (of shared B, too), or 0
     * @param third elements of C, or 0
     */
    public record Factors(int rank, int heads, int features, int third) {}

    /** The pages that hold it. */
    public PageLayout layout() {
        return new PageLayout(
                Stream.of(
                        Vectors.oneByOne(key.rank, key.features / key.rank),
                        Vectors.oneByOne(key.rank, key.third / key.rank),
                        Vectors.interleaved(key.rank, key.heads / key.rank),
                        Vectors.interleaved(value.rank, value.heads / value.rank),
                        Vectors.oneByOne(value.rank, value.third / value.rank))
                        .filter(vectors -> vectors.length() > 0)
                        .toList(),
                value.features, valueDim);
    }

    /** First column of C_K; B_K begins at 0. */
    public int keyThirdAt() {
        return key.features;
    }

    /** First column of A_K. */
    public int keyHeadFactors() {
        return keyThirdAt() + key.third;
    }

    /** First column of A_V. */
    public int valueHeadFactors() {
        return keyHeadFactors() + key.heads;
    }

    /** First column of C_V. */
    public int valueThirdAt() {
        return valueHeadFactors() + value.heads;
    }
}
