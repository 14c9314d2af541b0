package io.github.t6j.attention.tpa.forms;

import io.github.t6j.attention.tpa.FactorRow;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.cache.PageLayout.Vectors;
import java.util.ArrayList;
import java.util.List;

/**
 * Layout of the factors in a position's row, as offsets in floats, and in a page of the cache. A row is the
 * projections, then the factors that {@link FormAttention#rotateAndActivate} appends, so that it contains every factor.
 *
 * <pre>
 *   B_Q [R_Q][d_b] or Q [h][d] | columns of the page | its rows | A_Q [h][R_Q] | C_Q [R_Q][d_c]
 *   fixed factors, in the order of {@link Factor} | B_K rotated, if B is shared and projected as B_V
 * </pre>
 *
 * The page holds only factors that exist and depend on the token, (R_K + R_V)·(h + d) elements if all do. B_K is stored
 * rotated. A shared B is stored once, in rows and not rotated.
 *
 * <pre>
 *   columns  B_K [R_K][d_b] | C_K [R_K][d_c] | A_K [h][R_K] | A_V [h][R_V] | C_V [R_V][d_c]
 *   rows     B_V [R_V][e_b]
 * </pre>
 */
final class FormRow {
    final int queryThird; // offsets of C
    final int keyThird;
    final int valueThird;
    final int columns; // offset of the elements that the page stores in columns
    final int rows; // offset of the elements that it stores in rows
    final int projections; // number of projected elements
    final int floats; // number of floats of a row
    final PageLayout page;
    private final int[] at = new int[Factor.values().length];
    private final List<Vectors> vectors = new ArrayList<>(); // of the page's columns
    private int end; // of the elements placed so far

    FormRow(TpaForm form) {
        place(Factor.B_Q, form.isFixed(Factor.B_Q) ? 0 : form.queryVectors() * form.featureDim());
        columns = end;
        boolean cachesKeys = !form.isFixed(Factor.B_K) && !form.sharedFeatures();
        placeColumns(Factor.B_K, Vectors.oneByOne(form.config().keyRank(), cachesKeys ? form.featureDim() : 0));
        keyThird = placeColumns(Vectors.oneByOne(form.config().keyRank(), form.thirdDim()));
        placeColumns(Factor.A_K,
                Vectors.interleaved(form.config().keyRank(), form.isFixed(Factor.A_K) ? 0 : form.heads()));
        placeColumns(Factor.A_V,
                Vectors.interleaved(form.config().valueRank(), form.isFixed(Factor.A_V) ? 0 : form.heads()));
        valueThird = placeColumns(Vectors.oneByOne(form.config().valueRank(), form.thirdDim()));
        rows = end;
        int tokenRows = form.isFixed(Factor.B_V) ? 0 : form.config().valueRank();
        place(Factor.B_V, tokenRows * form.valueFeatureDim());
        page = new PageLayout(vectors, tokenRows, form.valueFeatureDim());
        place(Factor.A_Q, form.isFixed(Factor.A_Q) ? 0 : form.size(Factor.A_Q));
        queryThird = end;
        end += form.config().queryRank() * form.thirdDim();
        projections = end;
        for (Factor factor : Factor.values()) {
            if (form.isFixed(factor)) {
                place(factor, form.size(factor));
            }
        }
        if (form.cachesSharedFeatures()) {
            place(Factor.B_K, form.size(Factor.B_K));
        }
        floats = end;
    }

    private void place(Factor factor, int size) {
        at[factor.ordinal()] = end;
        end += size;
    }

    private void placeColumns(Factor factor, Vectors placed) {
        at[factor.ordinal()] = placeColumns(placed);
    }

    private int placeColumns(Vectors placed) {
        if (placed.length() > 0) {
            vectors.add(placed);
        }
        end += placed.columns();
        return end - placed.columns();
    }

    /** Returns the offset of a factor; for B_Q, the offset of whole queries if the form has them. */
    int at(Factor factor) {
        return at[factor.ordinal()];
    }

    /** Returns the offsets of all factors. */
    FactorRow offsets() {
        return new FactorRow(
                at(Factor.B_Q), at(Factor.B_K), at(Factor.A_K), at(Factor.A_V), at(Factor.B_V), at(Factor.A_Q),
                projections);
    }
}
