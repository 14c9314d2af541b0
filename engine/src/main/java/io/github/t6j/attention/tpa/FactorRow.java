package io.github.t6j.attention.tpa;

import io.github.t6j.cache.FactorCache;
import java.util.ArrayList;
import java.util.List;

/**
 * Layout of the factors in a position's row, as offsets in floats: the projections, then the factors that
 * {@link TensorProductAttention#rotateAndActivate} appends, so that a completed row contains every factor.
 *
 * <pre>
 *   B_Q [R_Q][d_b] or Q [h][d] | columns of {@link FactorCache} | its rows | A_Q [h][R_Q] | C_Q [R_Q][d_c]
 *   fixed factors, in the order of {@link Factor} | B_K rotated, if B is shared and projected as B_V
 * </pre>
 *
 * @param query factors of the query; features is B_Q or the whole query
 * @param key factors of the key; B_K is rotated in place
 * @param value factors of the value
 * @param columns offset of the elements that {@link FactorCache} keeps in columns
 * @param rows offset of the elements that it keeps in rows
 * @param projections number of projected elements
 * @param floats number of floats of a row
 */
record FactorRow(Factors query, Factors key, Factors value, int columns, int rows, int projections, int floats) {
    /**
     * Offsets of the factors of the query, the key or the value.
     *
     * @param heads offset of A
     * @param features offset of B
     * @param third offset of C
     */
    record Factors(int heads, int features, int third) {}

    static FactorRow of(TpaConfig form) {
        FactorCache kept = form.kept();
        int columns = form.isFixed(Factor.B_Q) ? 0 : form.queryVectors() * form.featureDim();
        int rows = columns + kept.layout().columns();
        int queryHeads = rows + kept.value().features() * kept.valueDim();
        int queryThird = queryHeads + (form.isFixed(Factor.A_Q) ? 0 : form.size(Factor.A_Q));
        int projections = queryThird + form.queryRank() * form.thirdDim();
        List<Factor> behind = new ArrayList<>();
        for (Factor factor : Factor.values()) {
            if (form.isFixed(factor)) {
                behind.add(factor);
            }
        }
        if (form.keepsSharedFeatures()) {
            behind.add(Factor.B_K);
        }
        Factors query = new Factors(
                place(Factor.A_Q, queryHeads, behind, projections, form),
                place(Factor.B_Q, 0, behind, projections, form), queryThird);
        Factors key = new Factors(
                place(Factor.A_K, columns + kept.keyHeadFactors(), behind, projections, form),
                place(Factor.B_K, columns, behind, projections, form), columns + kept.keyThirdAt());
        Factors value = new Factors(
                place(Factor.A_V, columns + kept.valueHeadFactors(), behind, projections, form),
                place(Factor.B_V, rows, behind, projections, form), columns + kept.valueThirdAt());
        return new FactorRow(
                query, key, value, columns, rows, projections, place(null, projections, behind, projections, form));
    }

    /**
     * Returns the offset of {@code factor}: after the projections if {@code behind} contains it, else
     * {@code projected}. For null it returns the end of the row.
     */
    private static int place(Factor factor, int projected, List<Factor> behind, int projections, TpaConfig form) {
        if (factor != null && !behind.contains(factor)) {
            return projected;
        }
        int at = projections;
        for (Factor other : behind) {
            if (other == factor) {
                return at;
            }
            at += form.size(other);
        }
        return at;
    }
}
