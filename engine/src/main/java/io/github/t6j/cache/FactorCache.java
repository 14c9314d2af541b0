package io.github.t6j.cache;

import io.github.t6j.cache.PageLayout.Vectors;
import java.util.stream.Stream;

/**
 * Cache layout of TPA: the factors that depend on the token, (R_K + R_V)·(h + d) elements if all do. B_K is stored
 * rotated. A shared B is stored once, in rows and not rotated.
 *
 * <pre>
 *   columns  B_K [R_K][d_b] | C_K [R_K][d_c] | A_K [h][R_K] | A_V [h][R_V] | C_V [R_V][d_c]   in the projection's order
 *   rows     B_V [R_V][e_b]
 * </pre>
 *
 * The page holds only factors that exist and depend on the token. C exists in higher order (d = d_b · d_c); without it
 * d_b = d. The size of a value, e (and so e_b), is d in every model.
 *
 * @param key factors of the key
 * @param value factors of the value
 * @param valueDim e_b, number of elements in a row of B_V
 */
public record FactorCache(Factors key, Factors value, int valueDim) {
    /**
     * Factors of a key or a value that depend on the token.
     *
     * @param rank R
     * @param heads number of elements of A, or 0
     * @param features number of elements of B_K, or of rows of B_V (also of a shared B), or 0
     * @param third number of elements of C, or 0
     */
    public record Factors(int rank, int heads, int features, int third) {}

    /** Returns the layout of the pages that hold the factors. */
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

    /** Returns the first column of C_K; B_K begins at 0. */
    public int keyThirdAt() {
        return key.features;
    }

    /** Returns the first column of A_K. */
    public int keyHeadFactors() {
        return keyThirdAt() + key.third;
    }

    /** Returns the first column of A_V. */
    public int valueHeadFactors() {
        return keyHeadFactors() + key.heads;
    }

    /** Returns the first column of C_V. */
    public int valueThirdAt() {
        return valueHeadFactors() + value.heads;
    }
}
