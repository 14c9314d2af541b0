package io.github.t6j.attention;

import io.github.t6j.cache.FactorCache;

/**
 * Where the factors stand in a position's row, in floats from its start. What is not projected is not there, save a
 * fixed B_Q, which {@link TensorProductAttention#complete} puts behind the projections to be rotated.
 *
 * <pre>
 *   B_Q [R_Q][d_b] or Q [h][d] | columns of {@link FactorCache} | its rows | A_Q [h][R_Q] | C_Q [R_Q][d_c] | fixed B_Q
 * </pre>
 *
 * @param query B_Q or the whole query
 * @param columns what {@link FactorCache} keeps in columns
 * @param rows what it keeps in rows
 * @param queryHeads A_Q
 * @param queryThird C_Q
 * @param projections numbers that are projected
 * @param floats numbers in all
 */
record FactorRow(int query, int columns, int rows, int queryHeads, int queryThird, int projections, int floats) {

    static FactorRow of(TensorProduct form) {
        FactorCache kept = form.kept();
        boolean fixedQuery = form.isFixed(Factor.B_Q);
        int queryFeatures = form.queryVectors() * form.featureDim();
        int columns = fixedQuery ? 0 : queryFeatures;
        int rows = columns + kept.layout().columns();
        int queryHeads = rows + kept.valueFeatures() * kept.valueDim();
        int queryThird = queryHeads + (form.isFixed(Factor.A_Q) ? 0 : form.heads() * form.queryRank());
        int projections = queryThird + form.queryRank() * form.thirdDim();
        return new FactorRow(
                fixedQuery ? projections : 0, columns, rows, queryHeads, queryThird, projections,
                projections + (fixedQuery ? queryFeatures : 0));
    }
}
