package io.github.t6j.attention.tpa;

/**
 * Offsets of the factors in a position's row of projections.
 *
 * <pre>
 *   B_Q [R_Q][d] or Q [h][d] | B_K [R_K][d] | A_K [h][R_K] | A_V [h][R_V] | B_V [R_V][e] | A_Q [h][R_Q]
 * </pre>
 *
 * @param bQ offset of B_Q, or of whole queries
 * @param bK offset of B_K
 * @param aK offset of A_K
 * @param aV offset of A_V
 * @param bV offset of B_V
 * @param aQ offset of A_Q
 * @param end number of projected elements
 */
public record FactorRow(int bQ, int bK, int aK, int aV, int bV, int aQ, int end) {
    /** Returns the offsets of an attention with these sizes. */
    public static FactorRow of(TpaConfig sizes) {
        int bK = sizes.queryVectors() * sizes.headDim();
        int aK = bK + sizes.keyRank() * sizes.headDim();
        int aV = aK + sizes.heads() * sizes.keyRank();
        int bV = aV + sizes.heads() * sizes.valueRank();
        int aQ = bV + sizes.valueRank() * sizes.valueDim();
        return new FactorRow(0, bK, aK, aV, bV, aQ, aQ + sizes.heads() * sizes.queryRank());
    }
}
