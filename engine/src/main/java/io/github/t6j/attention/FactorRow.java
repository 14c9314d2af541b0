package io.github.t6j.attention;

import io.github.t6j.cache.FactorCache;
import java.util.ArrayList;
import java.util.List;

/**
 * Where the factors stand in a position's row, in floats from its start: the projections, then what {@link
 * TensorProductAttention#rotateAndActivate} puts behind them, so that a finished row has every factor.
 *
 * <pre>
 *   B_Q [R_Q][d_b] or Q [h][d] | columns of {@link FactorCache} | its rows | A_Q [h][R_Q] | C_Q [R_Q][d_c]
 *   fixed factors, as {@link Factor} orders them | B_K rotated, where the row has it as B_V
 * </pre>
 *
 * @param query factors of the query: B_Q, or the whole query in its place
 * @param key factors of the key: B_K, which becomes rotated
 * @param value factors of the value
 * @param columns what {@link FactorCache} keeps in columns
 * @param rows what it keeps in rows
 * @param projections elements that are projected
 * @param floats floats in all
 */
record FactorRow(Factors query, Factors key, Factors value, int columns, int rows, int projections, int floats) {
    /**
     * Where the factors of one of Q, K and V begin.
     *
     * @param heads A
     * @param features B
     * @param third C
     */
    record Factors(int heads, int features, int third) {}

    static FactorRow of(TensorProduct form) {
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

    /** Where {@code factor} is: behind the projections, or else at {@code projected}; null: where all that ends. */
    private static int place(Factor factor, int projected, List<Factor> behind, int projections, TensorProduct form) {
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
