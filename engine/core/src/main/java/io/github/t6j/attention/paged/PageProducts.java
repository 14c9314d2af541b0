package io.github.t6j.attention.paged;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.cache.Page;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;

/**
 * Products with the elements of a page. The kernels multiply the integers of Q8; the scale of a vector is common to a
 * sum, so this class multiplies sums, or factors of them, by it.
 */
public final class PageProducts {
    private PageProducts() {}

    /**
     * Multiplies vectors by the columns of the tokens: y[r][t] = Σ_i x[r][i] · column[first + i][t].
     *
     * @param x [rows][inner], from {@code xAt}, rows {@code inner} apart
     * @param first first of {@code inner} columns, all of one vector
     * @param y [rows][64], from {@code yAt}
     */
    public static void multiplyColumns(
            Kernels kernels, Page page, float[] x, int xAt, int rows, int inner, int first, float[] y, int yAt) {
        boolean q8 = page.format == Format.Q8;
        if (q8 && page.columnScalesAt(first) != page.columnScalesAt(first + inner - 1)) {
            throw new IllegalArgumentException(
                    "columns: expected columns of one vector, found " + inner + " from " + first + ", which span two");
        }
        kernels.multiply(
                x, xAt, inner, rows, inner, page.format, page.data, page.columnAt(first), PANEL, PANEL, y, yAt, 0,
                false);
        if (q8) {
            kernels.scale(y, yAt, rows, PANEL, page.data, page.columnScalesAt(first));
        }
    }

    /**
     * Adds rows times probabilities: y[o][i] += Σ_r Σ_t x[o][r][t] · row[first + r][t][i], t < {@code count}.
     *
     * @param x [outputs][tokenRows][64], from {@code xAt}; may be overwritten
     * @param y panels [⌈width/64⌉][outputs][64], from {@code yAt}, {@code panel} floats apart
     */
    public static void addRows(
            Kernels kernels, Page page, float[] x, int xAt, int outputs, int tokenRows, int first, int count, float[] y,
            int yAt, int panel) {
        if (page.format == Format.Q8) {
            for (int row = 0; row < tokenRows; row++) {
                kernels.scale(
                        x, xAt + row * PANEL, outputs, tokenRows * PANEL, page.data, page.rowScalesAt(first + row));
            }
        }
        // The rows of a full page are one matrix [tokenRows·64][width].
        int products = count == PANEL ? 1 : tokenRows;
        int inner = count == PANEL ? tokenRows * PANEL : count;
        for (int row = 0; row < products; row++) {
            kernels.multiply(
                    x, xAt + row * PANEL, tokenRows * PANEL, outputs, inner, page.format, page.data,
                    page.rowsAt(first + row), page.rowStride(), page.layout.width(), y, yAt, panel, true);
        }
    }

    /** Multiplies panels of y, {@code step} floats apart, by the scales of {@code count} adjacent columns, if any. */
    public static void scale(
            Kernels kernels, Page page, int first, int count, float[] y, int step, int rows, int stride) {
        if (page.format == Format.Q8) {
            for (int i = 0; i < count; i++) {
                kernels.scale(y, i * step, rows, stride, page.data, page.columnScalesAt(first + i));
            }
        }
    }
}
