package io.github.t6j.attention.tpa.steps;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.attention.paged.PageAttention.Scratch;
import io.github.t6j.attention.paged.PageState;
import io.github.t6j.cache.Page;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Kernels.HeadFactors;
import java.lang.foreign.MemorySegment;

/**
 * Keys and values of the heads of a page, rebuilt from the factors of its tokens and of their predecessors:
 *
 * <pre>
 *   k_t = Σ_r C_t[r] · B_t[r] + E_t[r] · B_{t−1}[r]      C = (1−α)ρ/R · A_t,   E = αρ/R · A_{t−1}
 * </pre>
 *
 * α is the shift's gate and ρ the reciprocal of the key's root mean square; values have no ρ. Without a shift, E = 0 and
 * its terms are left out. The features B of both terms are copied side by side, so that a head is one product of 2R
 * terms.
 *
 * <pre>
 *   state.offHeap   B_K [2R][D][64] | B_V [2R][64][D] | keys of a head [D][64] | its values [64][D in whole panels]
 *   state.products  C and E [2R][64] | α [64] | ρ [64]
 * </pre>
 *
 * For a single query, state.products holds all of it, as {@link HeadFactors} describes.
 */
final class PageFactors {
    private static final long COLUMN = PANEL * Float.BYTES;

    private final int headDim;
    private final int heads;
    private final int rank;
    private final int terms; // 2R with a shift, else R
    private final Steps steps;
    private final int valueStride; // floats from one value of a head to the next
    private final HeadFactors sums;
    private final long valuesAt;
    private final long headKeysAt;
    private final long headValuesAt;
    private final long bytes;

    PageFactors(SteppedConfig sizes) {
        headDim = sizes.headDim();
        heads = sizes.keyValueHeads();
        rank = sizes.rank();
        steps = sizes.steps();
        terms = steps.shift() ? 2 * rank : rank;
        sums = new HeadFactors(rank, terms, headDim);
        valueStride = Kernels.padded(headDim);
        valuesAt = terms * headDim * COLUMN;
        headKeysAt = 2 * valuesAt + COLUMN; // kernels read the last value in whole panels
        headValuesAt = headKeysAt + headDim * COLUMN;
        bytes = headValuesAt + valueStride * COLUMN;
    }

    /** Returns buffers for a single query. */
    Scratch scratch(int queryFloats) {
        return new Scratch(queryFloats, sums.floats(), 0, null);
    }

    /** Returns buffers for a block of rows. */
    Scratch blockScratch(int queryFloats) {
        return new Scratch(queryFloats, (terms + 2) * PANEL, bytes, null);
    }

    long headKeysAt() {
        return headKeysAt;
    }

    long headValuesAt() {
        return headValuesAt;
    }

    int valueStride() {
        return valueStride;
    }

    /** Returns the column of an element of A_K. */
    int keyHeadColumn(int head, int r) {
        return rank * headDim + head * rank + r;
    }

    /** Returns the column of an element of A_V. */
    int valueHeadColumn(int head, int r) {
        return keyHeadColumn(heads + head, r);
    }

    /** Returns the exact element that is the gate of a head's keys. */
    int keyShift(int head) {
        return head;
    }

    /** Returns the exact element that is the gate of a head's values. */
    int valueShift(int head) {
        return heads + head;
    }

    /** Returns the exact element that is the reciprocal of the root mean square of a head's key. */
    int keyScale(int head) {
        return steps.shift() ? 2 * heads + head : head;
    }

    /** Returns the number of exact elements of a token. */
    int exact() {
        return (steps.shift() ? 2 * heads : 0) + (steps.norms() ? heads : 0);
    }

    /** Returns the number of factors of a token's keys. */
    int keyFactors() {
        return rank * headDim + heads * rank;
    }

    /** Reads the factors of a token's keys, B_K, then A_K. */
    void readKey(Page page, int slot, float[] into) {
        for (int column = 0; column < into.length; column++) {
            into[column] = page.column(slot, column);
        }
    }

    /** Adds the unshifted key of a head, times {@code factor}, to {@code key}. */
    void addKey(float[] factors, int head, double factor, double[] key) {
        for (int r = 0; r < rank; r++) {
            double a = factor / rank * factors[keyHeadColumn(head, r)];
            for (int d = 0; d < headDim; d++) {
                key[d] += a * factors[r * headDim + d];
            }
        }
    }

    /** Copies the features of a page's tokens, and of the token before them, to state.products. */
    void readFeatures(Page page, PageState state) {
        float[] to = state.products;
        int columns = rank * headDim;
        page.readColumns(0, columns, to, sums.keys());
        if (steps.shift()) { // one token later; the first of each column comes from the page before
            int before = sums.keys() + columns * PANEL;
            System.arraycopy(to, sums.keys(), to, before + 1, columns * PANEL - 1);
            for (int column = 0; column < columns; column++) {
                to[before + column * PANEL] = previous(column, state);
            }
        }
        for (int r = 0; r < rank; r++) {
            int first = sums.values() + r * (PANEL + 1) * headDim;
            for (int i = 0; i < headDim; i++) {
                to[first + i] = state.previous == null ? 0f : state.previous.row(PANEL - 1, r, i);
            }
            page.readRows(r, to, first + headDim);
        }
    }

    /** Computes the scores of {@code lines} queries, from line {@code first} on, and the keys of a head. */
    void scores(Page page, int head, int first, int lines, PageState state) {
        keyCoefficients(page, head, state);
        state.kernels.headScores(
                sums, state.products, state.query, first * headDim, lines, state.scores, first * PANEL);
    }

    /** Adds the weighted values of a head to {@code lines} lines of the outputs from {@code first} on. */
    void values(Page page, int head, int first, int lines, int count, PageState state) {
        valueCoefficients(page, head, state);
        state.kernels.headValues(
                sums, state.products, state.probabilities, first * PANEL, lines, count, state.softmaxes.out,
                first * PANEL, state.softmaxes.lines * PANEL);
    }

    /** Copies the features of keys of a page in f32. */
    void readKeys(Page page, PageState state) {
        MemorySegment to = state.offHeap;
        long size = rank * headDim * COLUMN;
        MemorySegment.copy(page.data, page.columnAt(0), to, 0, size);
        if (steps.shift()) { // one token later; the first of each column comes from the page before
            MemorySegment.copy(page.data, page.columnAt(0), to, size + Float.BYTES, size - Float.BYTES);
            for (int column = 0; column < rank * headDim; column++) {
                float first = state.previous == null ? 0f : state.previous.column(PANEL - 1, column);
                to.set(Page.FLOAT, size + column * COLUMN, first);
            }
        }
    }

    /** Copies the features of values of a page in f32. */
    void readValues(Page page, PageState state) {
        MemorySegment to = state.offHeap;
        long size = rank * headDim * COLUMN;
        long row = (long) headDim * Float.BYTES;
        MemorySegment.copy(page.data, page.rowsAt(0), to, valuesAt, size);
        if (steps.shift()) {
            MemorySegment.copy(page.data, page.rowsAt(0), to, valuesAt + size + row, size - row);
            for (int r = 0; r < rank; r++) {
                for (int i = 0; i < headDim; i++) {
                    float first = state.previous == null ? 0f : state.previous.row(PANEL - 1, r, i);
                    to.set(Page.FLOAT, valuesAt + size + r * PANEL * row + (long) i * Float.BYTES, first);
                }
            }
        }
    }

    /** Writes the keys of a head, f32 [D][64], to state.offHeap from {@link #headKeysAt}. */
    void rebuildKeys(Page page, int head, PageState state) {
        keyCoefficients(page, head, state);
        state.kernels.rebuildColumns(
                state.products, 0, terms, state.offHeap, 0, headDim, state.offHeap, headKeysAt);
    }

    /** Writes the values of a head, f32 [64][valueStride], to state.offHeap from {@link #headValuesAt}. */
    void rebuildValues(Page page, int head, PageState state) {
        valueCoefficients(page, head, state);
        state.kernels.rebuildRows(
                state.products, 0, terms, state.offHeap, valuesAt, headDim, state.offHeap, headValuesAt, valueStride);
    }

    private void keyCoefficients(Page page, int head, PageState state) {
        coefficients(page, keyHeadColumn(head, 0), keyShift(head), steps.norms() ? keyScale(head) : -1, state);
    }

    private void valueCoefficients(Page page, int head, PageState state) {
        coefficients(page, valueHeadColumn(head, 0), valueShift(head), -1, state);
    }

    /** Computes C and E of a head in state.products. {@code scale} is the exact element ρ, or −1 for 1. */
    private void coefficients(Page page, int column, int shift, int scale, PageState state) {
        float[] x = state.products;
        int alpha = terms * PANEL;
        int rho = alpha + PANEL;
        page.readColumns(column, rank, x, 0);
        if (scale >= 0) {
            page.readExact(scale, 1, x, rho);
        }
        if (steps.shift()) {
            page.readExact(shift, 1, x, alpha);
        }
        for (int t = PANEL - 1; t >= 0; t--) { // backwards, so that A of the predecessor is still there
            float factor = (scale >= 0 ? x[rho + t] : 1f) / rank;
            for (int r = 0; r < rank; r++) {
                int own = r * PANEL + t;
                if (steps.shift()) {
                    float before = t > 0 ? x[own - 1] : previous(column + r, state);
                    x[(rank + r) * PANEL + t] = x[alpha + t] * factor * before;
                    x[own] *= (1f - x[alpha + t]) * factor;
                } else {
                    x[own] *= factor;
                }
            }
        }
    }

    private static float previous(int column, PageState state) {
        return state.previous == null ? 0f : state.previous.column(PANEL - 1, column);
    }
}
