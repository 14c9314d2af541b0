package io.github.t6j.cache;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.kernels.Kernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * {@value PageLayout#TOKENS} tokens of one layer, laid out as {@link PageLayout} draws it, and what attention does with
 * them. How the numbers are stored is known here and in the kernels, nowhere else.
 */
public final class Page {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final PageLayout layout;
    private final MemorySegment data;

    /** @param data layout.bytes() bytes, aligned to 64 */
    public Page(PageLayout layout, MemorySegment data) {
        this.layout = layout;
        this.data = data;
    }

    /**
     * Writes one token's numbers.
     *
     * @param slot which of the page's tokens
     * @param columns from {@code columnsAt}, layout.columns() numbers
     * @param rows from {@code rowsAt}, layout.groups() · layout.width() numbers
     */
    public void write(int slot, float[] columns, int columnsAt, float[] rows, int rowsAt) {
        for (int c = 0; c < layout.columns(); c++) {
            data.set(FLOAT, layout.columnAt(c) + (long) slot * Float.BYTES, columns[columnsAt + c]);
        }
        int width = layout.width();
        for (int g = 0; g < layout.groups(); g++) {
            long row = layout.rowsAt(g) + (long) slot * width * Float.BYTES;
            MemorySegment.copy(rows, rowsAt + g * width, data, FLOAT, row, width);
        }
    }

    /** Number {@code column} of a token, for the oracle. */
    public float column(int slot, int column) {
        return data.get(FLOAT, layout.columnAt(column) + (long) slot * Float.BYTES);
    }

    /** Number {@code i} of a token's row {@code group}, for the oracle. */
    public float row(int slot, int group, int i) {
        return data.get(FLOAT, layout.rowsAt(group) + ((long) slot * layout.width() + i) * Float.BYTES);
    }

    /** Copies {@code count} columns from {@code first}, [count][64], to {@code into} from {@code at}. */
    public void readColumns(int first, int count, float[] into, int at) {
        MemorySegment.copy(data, FLOAT, layout.columnAt(first), into, at, count * PANEL);
    }

    /** Copies [count][64] numbers of {@code from}, from {@code at}, to the columns from {@code first}. */
    public void writeColumns(int first, int count, float[] from, int at) {
        MemorySegment.copy(from, at, data, FLOAT, layout.columnAt(first), count * PANEL);
    }

    /** Copies the tokens' rows of {@code group}, [64][layout.width()], to {@code into} from {@code at}. */
    public void readRows(int group, float[] into, int at) {
        MemorySegment.copy(data, FLOAT, layout.rowsAt(group), into, at, PANEL * layout.width());
    }

    /**
     * Products of vectors and the tokens' columns: y[r][t] = Σ_i x[r][i] · column[first + i][t].
     *
     * @param x [rows][inner], from {@code xAt}, rows {@code inner} apart
     * @param y [rows][64], from {@code yAt}
     */
    public void multiplyColumns(
            Kernels kernels, float[] x, int xAt, int rows, int inner, int first, float[] y, int yAt) {
        kernels.multiply(
                x, xAt, inner, rows, inner, data, layout.columnAt(first), PANEL, PANEL, y, yAt, PANEL, false);
    }

    /** Copies columns, [count][64], to {@code to}. */
    public void copyColumns(int first, int count, MemorySegment to, long toAt) {
        MemorySegment.copy(data, layout.columnAt(first), to, toAt, layout.columnAt(count));
    }

    /** Transposes columns to rows, [64][count], {@code toStride} floats apart, from the beginning of {@code to}. */
    public void transposeColumns(Kernels kernels, int first, int count, MemorySegment to, int toStride) {
        kernels.transpose(data, layout.columnAt(first), count, to, toStride);
    }

    /** {@link Kernels#tensorLogits} with A_K in the columns from {@code first}. */
    public void tensorLogits(
            Kernels kernels, float[] aQ, int heads, int queryRank, int keyRank, float[] p, int first, float[] s) {
        kernels.tensorLogits(aQ, heads, queryRank, keyRank, p, data, layout.columnAt(first), s);
    }

    /** {@link Kernels#factorLogits} with A_K in the columns from {@code first}. */
    public void factorLogits(Kernels kernels, float[] g, int heads, int keyRank, int first, float[] s) {
        kernels.factorLogits(g, heads, keyRank, data, layout.columnAt(first), s);
    }

    /** {@link Kernels#softmaxWeights} with A_V in the columns from {@code first}. */
    public int softmaxWeights(
            Kernels kernels, float[] s, int heads, int first, int valueRank, float[] max, float[] sum, float[] w) {
        return kernels.softmaxWeights(s, heads, data, layout.columnAt(first), valueRank, max, sum, w);
    }

    /**
     * Adds weighted rows: y[r][i] += Σ_g Σ_t x[r][g][t] · row[first + g][t][i], t below {@code count}.
     *
     * @param x [rows][groups][64], from {@code xAt}
     * @param y [rows][layout.width()], from {@code yAt}, rows {@code yStride} apart
     */
    public void addRows(
            Kernels kernels, float[] x, int xAt, int rows, int groups, int count, int first, float[] y, int yAt,
            int yStride) {
        // The rows of a full page are one matrix [groups·64][width].
        int pieces = count == PANEL ? 1 : groups;
        int inner = count == PANEL ? groups * PANEL : count;
        int width = layout.width();
        for (int g = 0; g < pieces; g++) {
            kernels.multiply(
                    x, xAt + g * PANEL, groups * PANEL, rows, inner, data, layout.rowsAt(first + g), width, width, y,
                    yAt, yStride, true);
        }
    }
}
