package io.github.t6j.attention.tpa.differential;

/**
 * Offsets of the parts of a row of projections.
 *
 * <pre>
 *   Q [H][D] | gates | B_K [R][D] | A_K [K][R] | A_V [K][R] | B_V [R][D] | shift of keys [K] | of values [K] | λ [K]
 * </pre>
 *
 * Gates, shifts and λ are absent without their step.
 */
record DifferentialRow(int gates, int bK, int bV, int shiftK, int shiftV, int lambda, int end) {
    static DifferentialRow of(DifferentialConfig sizes) {
        int features = sizes.rank() * sizes.headDim();
        int heads = sizes.keyValueHeads();
        int gates = sizes.heads() * sizes.headDim();
        int bK = gates + sizes.gates();
        int bV = bK + features + 2 * heads * sizes.rank();
        int shiftK = bV + features;
        int shiftV = shiftK + (sizes.steps().shift() ? heads : 0);
        int lambda = shiftV + (sizes.steps().shift() ? heads : 0);
        return new DifferentialRow(
                gates, bK, bV, shiftK, shiftV, lambda, lambda + (sizes.steps().differential() ? heads : 0));
    }
}
