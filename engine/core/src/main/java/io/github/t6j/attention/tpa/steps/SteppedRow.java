package io.github.t6j.attention.tpa.steps;

/**
 * Offsets of the parts of a row of projections.
 *
 * <pre>
 *   query | gates | B_K [R][D] | A_K [K][R] | A_V [K][R] | B_V [R][D] | shift of keys [K] | of values [K] | λ [K]
 * </pre>
 *
 * The query is whole, Q [H][D], or its factors B_Q [R_Q][D] | A_Q [H][R_Q]; the whole query of factors follows the
 * projections. Gates, shifts and λ are absent without their step.
 *
 * @param query of the whole query
 * @param aQ of A_Q, the end of B_Q; 0 if the query is whole
 * @param end number of projections
 */
public record SteppedRow(int query, int aQ, int gates, int bK, int aK, int aV, int bV, int shiftK, int shiftV,
        int lambda, int end) {
    /** Returns the offsets for {@code sizes}. */
    public static SteppedRow of(SteppedConfig sizes) {
        int size = sizes.headDim();
        int heads = sizes.keyValueHeads();
        int shifts = sizes.steps().shift() ? heads : 0;
        int aQ = sizes.queryRank() * size;
        int gates = sizes.queryRank() == 0 ? sizes.heads() * size : aQ + sizes.heads() * sizes.queryRank();
        int bK = gates + sizes.gates();
        int aK = bK + sizes.rank() * size;
        int aV = aK + heads * sizes.rank();
        int bV = aV + heads * sizes.rank();
        int shiftK = bV + sizes.rank() * size;
        int shiftV = shiftK + shifts;
        int lambda = shiftV + shifts;
        int end = lambda + (sizes.steps().differential() ? heads : 0);
        return new SteppedRow(sizes.queryRank() == 0 ? 0 : end, aQ, gates, bK, aK, aV, bV, shiftK, shiftV, lambda, end);
    }
}
