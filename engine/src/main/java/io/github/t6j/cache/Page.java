package io.github.t6j.cache;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.cache.PageLayout.Vectors;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * {@value PageLayout#TOKENS} tokens of one layer, laid out as {@link PageLayout} draws it, and what attention does with
 * them. How the numbers are stored is known here and in the kernels, nowhere else.
 *
 * <p>A narrow format rounds each number once, when it is written; in Q8 each vector of a token has the scale that makes
 * its largest number 127. The kernels multiply with the whole numbers of Q8, and the scale, being common to a sum,
 * multiplies the sums here.
 */
public final class Page {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int LARGEST = 127;

    private final PageLayout layout;
    private final Format format;
    private final MemorySegment data;

    /** @param data layout.bytes(format) bytes, aligned to 64 */
    Page(PageLayout layout, Format format, MemorySegment data) {
        this.layout = layout;
        this.format = format;
        this.data = data;
    }

    /** An empty page. */
    public static Page allocate(PageLayout layout, Format format, Arena arena) {
        return new Page(layout, format, arena.allocate(layout.bytes(format), 64));
    }

    /** What it holds. */
    public PageLayout layout() {
        return layout;
    }

    /** How its numbers are stored. */
    public Format format() {
        return format;
    }

    /** Its bytes. */
    MemorySegment data() {
        return data;
    }

    /**
     * Writes one token's numbers.
     *
     * @param slot which of the page's tokens
     * @param columns from {@code columnsAt}, layout.columns() numbers
     * @param rows from {@code rowsAt}, layout.groups() · layout.width() numbers
     */
    public void write(int slot, float[] columns, int columnsAt, float[] rows, int rowsAt) {
        int first = 0;
        int vector = 0;
        for (int i = 0; i < layout.vectors().size(); i++) {
            Vectors some = layout.vectors().get(i);
            for (int v = 0; v < some.count(); v++) {
                int column = first + v * some.vectorStep();
                int step = some.numberStep();
                float factor = scale(columns, columnsAt + column, step, some.length(), vector++, slot);
                for (int n = 0; n < some.length(); n++, column += step) {
                    format.set(data, layout.columnAt(format, column), slot, columns[columnsAt + column] * factor);
                }
            }
            first += some.columns();
        }
        int width = layout.width();
        for (int g = 0; g < layout.groups(); g++) {
            int from = rowsAt + g * width;
            float factor = scale(rows, from, 1, width, vector++, slot);
            long row = layout.rowAt(format, g, slot);
            for (int n = 0; n < width; n++) {
                format.set(data, row, n, rows[from + n] * factor);
            }
        }
    }

    /** Writes zeros as the tokens from {@code slot} on. */
    void clearFrom(int slot) {
        float[] zeros = new float[Math.max(layout.columns(), layout.groups() * layout.width())];
        for (int t = slot; t < PageLayout.TOKENS; t++) {
            write(t, zeros, 0, zeros, 0);
        }
    }

    /** Stores the scale of a vector of {@code slot}. @return what its numbers are to be multiplied by */
    private float scale(float[] x, int at, int step, int length, int vector, int slot) {
        if (format != Format.Q8) {
            return 1f;
        }
        float largest = 0f;
        for (int n = 0; n < length; n++) {
            largest = Math.max(largest, Math.abs(x[at + n * step]));
        }
        float scale = largest / LARGEST;
        boolean none = scale < Float.MIN_NORMAL;
        data.set(FLOAT, layout.scalesAt(format, vector) + (long) slot * Float.BYTES, none ? 0f : scale);
        return none ? 0f : LARGEST / largest;
    }

    /** Number {@code column} of a token, for the oracle. */
    public float column(int slot, int column) {
        float number = format.get(data, layout.columnAt(format, column), slot);
        return format == Format.Q8 ? number * scaleOf(slot, layout.vectorOfColumn(column)) : number;
    }

    /** Number {@code i} of a token's row {@code group}, for the oracle. */
    public float row(int slot, int group, int i) {
        float number = format.get(data, layout.rowAt(format, group, slot), i);
        return format == Format.Q8 ? number * scaleOf(slot, layout.vectorOfGroup(group)) : number;
    }

    private float scaleOf(int slot, int vector) {
        return data.get(FLOAT, layout.scalesAt(format, vector) + (long) slot * Float.BYTES);
    }

    /** Writes the numbers of this page to {@code f32}, an F32 page of the same layout. */
    public void widen(Kernels kernels, Page f32) {
        for (int c = 0; c < layout.columns(); c++) {
            long to = layout.columnAt(Format.F32, c);
            kernels.widen(format, data, layout.columnAt(format, c), PANEL, f32.data, to);
            if (format == Format.Q8) {
                long scales = layout.scalesAt(format, layout.vectorOfColumn(c));
                for (int t = 0; t < PANEL; t++) {
                    f32.scale(to + 4L * t, data.get(FLOAT, scales + 4L * t));
                }
            }
        }
        int width = layout.width();
        for (int row = 0; row < layout.groups() * PANEL; row++) {
            // what a row's padding becomes, the next row or the slack takes
            long to = layout.rowAt(Format.F32, 0, row);
            kernels.widen(format, data, layout.rowAt(format, 0, row), format.padded(width), f32.data, to);
            if (format == Format.Q8) {
                float scale = scaleOf(row % PANEL, layout.vectorOfGroup(row / PANEL));
                for (int i = 0; i < width; i++) {
                    f32.scale(to + 4L * i, scale);
                }
            }
        }
    }

    private void scale(long at, float factor) {
        data.set(FLOAT, at, data.get(FLOAT, at) * factor);
    }

    /** Copies {@code count} columns of this F32 page from {@code first}, [count][64], to {@code into} from {@code at}. */
    public void readColumns(int first, int count, float[] into, int at) {
        MemorySegment.copy(data, FLOAT, layout.columnAt(format, first), into, at, count * PANEL);
    }

    /** Copies [count][64] numbers of {@code from}, from {@code at}, to the columns of this F32 page from {@code first}. */
    public void writeColumns(int first, int count, float[] from, int at) {
        MemorySegment.copy(from, at, data, FLOAT, layout.columnAt(format, first), count * PANEL);
    }

    /** Copies the tokens' rows of {@code group} of this F32 page, [64][layout.width()], to {@code into} from {@code at}. */
    public void readRows(int group, float[] into, int at) {
        MemorySegment.copy(data, FLOAT, layout.rowAt(format, group, 0), into, at, PANEL * layout.width());
    }

    /**
     * Products of vectors and the tokens' columns: y[r][t] = Σ_i x[r][i] · column[first + i][t].
     *
     * @param x [rows][inner], from {@code xAt}, rows {@code inner} apart
     * @param first the columns from here are of one vector
     * @param y [rows][64], from {@code yAt}
     */
    public void multiplyColumns(
            Kernels kernels, float[] x, int xAt, int rows, int inner, int first, float[] y, int yAt) {
        if (format == Format.Q8 && layout.vectorOfColumn(first) != layout.vectorOfColumn(first + inner - 1)) {
            throw new IllegalArgumentException(
                    "columns: expected those of one vector, found " + inner + " from " + first);
        }
        kernels.multiply(
                x, xAt, inner, rows, inner, format, data, layout.columnAt(format, first), PANEL, PANEL, y, yAt, PANEL,
                false);
        if (format == Format.Q8) {
            multiplyScales(layout.vectorOfColumn(first), y, yAt, rows, PANEL);
        }
    }

    /** Copies columns of this F32 page, [count][64], to {@code to}. */
    public void copyColumns(int first, int count, MemorySegment to, long toAt) {
        MemorySegment.copy(data, layout.columnAt(format, first), to, toAt, layout.columnAt(format, count));
    }

    /**
     * Transposes columns of this F32 page to rows, [64][count], {@code toStride} floats apart, from the beginning of
     * {@code to}.
     */
    public void transposeColumns(Kernels kernels, int first, int count, MemorySegment to, int toStride) {
        kernels.transpose(data, layout.columnAt(format, first), count, to, toStride);
    }

    /** {@link Kernels#tensorLogits} with A_K in the columns from {@code first}; may overwrite p. */
    public void tensorLogits(
            Kernels kernels, float[] aQ, int heads, int queryRank, int keyRank, float[] p, int first, float[] s) {
        multiplyScalesOfColumns(first, keyRank, p, queryRank * PANEL, queryRank, PANEL);
        kernels.tensorLogits(aQ, heads, queryRank, keyRank, p, format, data, layout.columnAt(format, first), s);
    }

    /** {@link Kernels#factorLogits} with A_K in the columns from {@code first}; may overwrite g. */
    public void factorLogits(Kernels kernels, float[] g, int heads, int keyRank, int first, float[] s) {
        multiplyScalesOfColumns(first, keyRank, g, heads * PANEL, heads, PANEL);
        kernels.factorLogits(g, heads, keyRank, format, data, layout.columnAt(format, first), s);
    }

    /** {@link Kernels#softmaxWeights} with A_V in the columns from {@code first}. */
    public int softmaxWeights(
            Kernels kernels, float[] s, int heads, int first, int valueRank, float[] max, float[] sum, float[] w) {
        int largest = kernels.softmaxWeights(
                s, heads, format, data, layout.columnAt(format, first), valueRank, max, sum, w);
        multiplyScalesOfColumns(first, valueRank, w, PANEL, heads, valueRank * PANEL);
        return largest;
    }

    /**
     * Adds weighted rows: y[r][i] += Σ_g Σ_t x[r][g][t] · row[first + g][t][i], t below {@code count}.
     *
     * @param x [rows][groups][64], from {@code xAt}; may be overwritten
     * @param y [rows][layout.width()], from {@code yAt}, rows {@code yStride} apart; may be overwritten to the next
     *     multiple of 64 numbers
     */
    public void addRows(
            Kernels kernels, float[] x, int xAt, int rows, int groups, int count, int first, float[] y, int yAt,
            int yStride) {
        if (format == Format.Q8) {
            for (int g = 0; g < groups; g++) {
                multiplyScales(layout.vectorOfGroup(first + g), x, xAt + g * PANEL, rows, groups * PANEL);
            }
        }
        // The rows of a full page are one matrix [groups·64][width].
        int pieces = count == PANEL ? 1 : groups;
        int inner = count == PANEL ? groups * PANEL : count;
        int width = layout.width();
        for (int g = 0; g < pieces; g++) {
            kernels.multiply(
                    x, xAt + g * PANEL, groups * PANEL, rows, inner, format, data, layout.rowAt(format, first + g, 0),
                    format.padded(width), width, y, yAt, yStride, true);
        }
    }

    /** {@link #multiplyScales} for the vectors of {@code count} neighbouring columns, {@code step} floats apart. */
    private void multiplyScalesOfColumns(int first, int count, float[] y, int step, int rows, int stride) {
        if (format == Format.Q8) {
            for (int i = 0; i < count; i++) {
                multiplyScales(layout.vectorOfColumn(first + i), y, i * step, rows, stride);
            }
        }
    }

    /** y[r][t] *= scale of {@code vector} of token t. C2 makes vectors of the loop by itself. */
    private void multiplyScales(int vector, float[] y, int at, int rows, int stride) {
        long scales = layout.scalesAt(format, vector);
        for (int r = 0; r < rows; r++, at += stride) {
            for (int t = 0; t < PANEL; t++) {
                y[at + t] *= data.get(FLOAT, scales + 4L * t);
            }
        }
    }
}
