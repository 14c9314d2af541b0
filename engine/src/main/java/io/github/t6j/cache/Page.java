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
 * Page of {@value PageLayout#TOKENS} tokens of one layer, laid out as {@link PageLayout} draws it, with the operations
 * that attention needs. Only this class and the kernels depend on how elements are stored.
 *
 * <p>A 16-bit or 8-bit format rounds each element once, when it is written. In Q8 each vector of a token has a scale
 * that makes its largest element 127. The kernels multiply the integers of Q8. The scale is common to a sum, so this
 * class multiplies the sums by it.
 */
public final class Page {
    private static final int LINE = 64; // bytes of a processor's cache line
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int LARGEST = 127;

    private final PageLayout layout;
    private final Format format;
    private final MemorySegment data;

    /** Creates a page over {@code data}, layout.bytes(format) bytes, aligned to 64. */
    Page(PageLayout layout, Format format, MemorySegment data) {
        this.layout = layout;
        this.format = format;
        this.data = data;
    }

    /** Allocates an empty page. */
    public static Page allocate(PageLayout layout, Format format, Arena arena) {
        return new Page(layout, format, arena.allocate(layout.bytes(format), 64));
    }

    /** Returns the layout. */
    public PageLayout layout() {
        return layout;
    }

    /** Returns the format of the elements. */
    public Format format() {
        return format;
    }

    /** Returns the memory of the page. */
    MemorySegment data() {
        return data;
    }

    /** Returns the size in bytes. */
    public long bytes() {
        return data.byteSize();
    }

    /**
     * Prefetches the page: reads an int of each cache line in order, the fastest way to get a page from memory. A
     * kernel that computes meanwhile requests the lines too slowly (ADR 33). A step reads four lines, because C2 makes
     * slow code of a loop over one.
     *
     * @return the sum of the ints; a caller that uses it keeps compilers from dropping the reads
     */
    public int prefetch() {
        int a = 0;
        int b = 0;
        int c = 0;
        int d = 0;
        int at = 0;
        for (int end = (int) data.byteSize() - 3 * LINE; at < end; at += 4 * LINE) {
            a += data.get(ValueLayout.JAVA_INT, at);
            b += data.get(ValueLayout.JAVA_INT, at + LINE);
            c += data.get(ValueLayout.JAVA_INT, at + 2 * LINE);
            d += data.get(ValueLayout.JAVA_INT, at + 3 * LINE);
        }
        for (; at < (int) data.byteSize(); at += LINE) {
            a += data.get(ValueLayout.JAVA_INT, at);
        }
        return a + b + c + d;
    }

    /**
     * Writes the elements of one token.
     *
     * @param slot index of the token in the page
     * @param columns layout.columns() elements, from {@code columnsAt}
     * @param rows layout.groups() · layout.width() elements, from {@code rowsAt}
     */
    public void write(int slot, float[] columns, int columnsAt, float[] rows, int rowsAt) {
        int first = 0;
        int vector = 0;
        for (int i = 0; i < layout.vectors().size(); i++) {
            Vectors some = layout.vectors().get(i);
            for (int v = 0; v < some.count(); v++) {
                int column = first + v * some.vectorStep();
                int step = some.elementStep();
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

    /** Writes zeros to the tokens from {@code slot} on. */
    void clearFrom(int slot) {
        float[] zeros = new float[Math.max(layout.columns(), layout.groups() * layout.width())];
        for (int t = slot; t < PageLayout.TOKENS; t++) {
            write(t, zeros, 0, zeros, 0);
        }
    }

    /** Stores the scale of a vector of {@code slot} and returns the factor that scales its elements to ±127. */
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

    /** Returns column element {@code column} of a token, for the oracle. */
    public float column(int slot, int column) {
        float number = format.get(data, layout.columnAt(format, column), slot);
        return format == Format.Q8 ? number * scaleOf(slot, layout.vectorOfColumn(column)) : number;
    }

    /** Returns element {@code i} of a token's row {@code group}, for the oracle. */
    public float row(int slot, int group, int i) {
        float number = format.get(data, layout.rowAt(format, group, slot), i);
        return format == Format.Q8 ? number * scaleOf(slot, layout.vectorOfGroup(group)) : number;
    }

    private float scaleOf(int slot, int vector) {
        return data.get(FLOAT, layout.scalesAt(format, vector) + (long) slot * Float.BYTES);
    }

    /** Writes the elements of this page to {@code f32}, an F32 page of the same layout. */
    public void widen(Kernels kernels, Page f32) {
        if (format == Format.F16) {
            // both pages have the same layout, element by element: one loop, long enough for C2 to vectorise
            kernels.widen(format, data, 0, (int) (data.byteSize() / Short.BYTES), 0, 0, f32.data, 0);
            return;
        }
        for (int c = 0, next; c < layout.columns(); c = next) {
            next = format == Format.Q8 ? layout.nextVector(c) : layout.columns();
            long scales = format == Format.Q8 ? layout.scalesAt(format, layout.vectorOfColumn(c)) : 0;
            kernels.widen(
                    format, data, layout.columnAt(format, c), (next - c) * PANEL, scales, 1, f32.data,
                    layout.columnAt(Format.F32, c));
        }
        if (format == Format.BF16 && format.padded(layout.width()) == layout.width()) {
            int rows = layout.groups() * PANEL * layout.width();
            kernels.widen(format, data, layout.rowAt(format, 0, 0), rows, 0, 0, f32.data,
                    layout.rowAt(Format.F32, 0, 0));
            return;
        }
        for (int g = 0; g < layout.groups(); g++) {
            for (int t = 0; t < PANEL; t++) {
                // whole groups: the next row overwrites the excess; that of the last row is slack
                long scale = format == Format.Q8 ? layout.scalesAt(format, layout.vectorOfGroup(g)) + 4L * t : 0;
                kernels.widen(
                        format, data, layout.rowAt(format, g, t), format.padded(layout.width()), scale, 0, f32.data,
                        layout.rowAt(Format.F32, g, t));
            }
        }
    }

    /** Copies columns of this F32 page from {@code first}, [count][64], to {@code into} from {@code at}. */
    public void readColumns(int first, int count, float[] into, int at) {
        MemorySegment.copy(data, FLOAT, layout.columnAt(format, first), into, at, count * PANEL);
    }

    /** Copies [count][64] elements of {@code from} to the columns of this F32 page from {@code first}. */
    public void writeColumns(int first, int count, float[] from, int at) {
        MemorySegment.copy(from, at, data, FLOAT, layout.columnAt(format, first), count * PANEL);
    }

    /** Copies the rows of {@code group} of this F32 page, [64][layout.width()], to {@code into} from {@code at}. */
    public void readRows(int group, float[] into, int at) {
        MemorySegment.copy(data, FLOAT, layout.rowAt(format, group, 0), into, at, PANEL * layout.width());
    }

    /**
     * Multiplies vectors by the columns of the tokens: y[r][t] = Σ_i x[r][i] · column[first + i][t].
     *
     * @param x [rows][inner], from {@code xAt}, rows {@code inner} apart
     * @param first first of {@code inner} columns, all of one vector
     * @param y [rows][64], from {@code yAt}
     */
    public void multiplyColumns(
            Kernels kernels, float[] x, int xAt, int rows, int inner, int first, float[] y, int yAt) {
        if (format == Format.Q8 && layout.vectorOfColumn(first) != layout.vectorOfColumn(first + inner - 1)) {
            throw new IllegalArgumentException(
                    "columns: expected columns of one vector, found " + inner + " from " + first + ", which span two");
        }
        kernels.multiply(
                x, xAt, inner, rows, inner, format, data, layout.columnAt(format, first), PANEL, PANEL, y, yAt, 0,
                false);
        if (format == Format.Q8) {
            kernels.scale(y, yAt, rows, PANEL, data, layout.scalesAt(format, layout.vectorOfColumn(first)));
        }
    }

    /** Adds {@link #multiplyColumns} of this F32 or BF16 page, with rows of x {@code xStride} apart, to y. */
    public void addColumns(
            Kernels kernels, float[] x, int xAt, int xStride, int rows, int inner, int first, float[] y, int yAt) {
        kernels.multiply(
                x, xAt, xStride, rows, inner, format, data, layout.columnAt(format, first), PANEL, PANEL, y, yAt, 0,
                true);
    }

    /** Copies columns of this F32 page, [count][64], to {@code to}. */
    public void copyColumns(int first, int count, MemorySegment to, long toAt) {
        MemorySegment.copy(data, layout.columnAt(format, first), to, toAt, layout.columnAt(format, count));
    }

    /**
     * Transposes columns of this F32 or BF16 page to rows in f32, [64][count], {@code toStride} floats apart, from the
     * beginning of {@code to}.
     */
    public void transposeColumns(Kernels kernels, int first, int count, MemorySegment to, int toStride) {
        kernels.transpose(format, data, layout.columnAt(format, first), PANEL, count, PANEL, to, toStride);
    }

    /** Transposes the first {@code count} elements of a group's rows of this F32 or BF16 page to f32 [count][64]. */
    public void transposeRows(Kernels kernels, int group, int count, MemorySegment to) {
        kernels.transpose(
                format, data, layout.rowAt(format, group, 0), format.padded(layout.width()), PANEL, count, to, PANEL);
    }

    /**
     * Sizes and position of the factors of a page's keys, for a factored query.
     *
     * @param queryRank R_Q
     * @param keyRank R_K
     * @param headColumn first column of A_K
     */
    public record KeyFactors(int queryRank, int keyRank, int headColumn) {}

    /**
     * Computes scores from query factors (paper, Algorithm 2): s[h][t] = Σ_k aK[h][k][t] · Σ_q aQ[h][q] · p[k][q][t],
     * for {@code count} heads from {@code head} on; may overwrite p.
     *
     * @param aQ [count][queryRank], the scale included
     * @param p products of B_Q and B_K, [keyRank][queryRank][64]
     * @param copy off-heap scratch with as many floats as p, from which kernels read a matrix
     * @param gAt offset in p with room for the sums over q, [keyRank][count][64]
     * @param s [count][64], written
     */
    public void tensorScores(
            Kernels kernels, KeyFactors keys, int head, int count, float[] aQ, float[] p, MemorySegment copy, int gAt,
            float[] s) {
        int queryRank = keys.queryRank;
        int column = keys.headColumn + head * keys.keyRank;
        scale(kernels, column, keys.keyRank, p, queryRank * PANEL, queryRank, PANEL);
        MemorySegment.copy(p, 0, copy, FLOAT, 0, keys.keyRank * queryRank * PANEL);
        for (int k = 0; k < keys.keyRank; k++) {
            long from = (long) k * queryRank * PANEL * Float.BYTES;
            kernels.multiply(
                    aQ, 0, queryRank, count, queryRank, Format.F32, copy, from, PANEL, PANEL, p,
                    gAt + k * count * PANEL, 0, false);
        }
        kernels.factorScores(p, gAt, count, keys.keyRank, format, data, layout.columnAt(format, column), s);
    }

    /**
     * Calls {@link Kernels#tensorScores} for {@code count} heads from {@code head} on with A_K of this F32 page.
     *
     * @param aQ [count][queryRank], from {@code aQAt}
     */
    public void tensorScores(
            Kernels kernels, KeyFactors keys, int head, int count, float[] aQ, int aQAt, float[] g, int gAt, int gStep,
            float[] s, int sAt, int sStep) {
        long aK = layout.columnAt(format, keys.headColumn + head * keys.keyRank);
        kernels.tensorScores(aQ, aQAt, count, keys.queryRank, g, gAt, gStep, keys.keyRank, data, aK, s, sAt, sStep);
    }

    /** Calls {@link Kernels#rebuildColumns} with the first columns of this F32 page, [rank][count]. */
    public void rebuildColumns(Kernels kernels, float[] a, int aAt, int rank, int count, MemorySegment to, long toAt) {
        kernels.rebuildColumns(a, aAt, rank, data, 0, count, to, toAt);
    }

    /** Calls {@link Kernels#rebuildRows} with the first {@code rank} groups of rows of this F32 page. */
    public void rebuildRows(Kernels kernels, float[] a, int aAt, int rank, MemorySegment to, long toAt, int toStride) {
        kernels.rebuildRows(
                a, aAt, rank, data, layout.rowAt(format, 0, 0), layout.width(), to, toAt, toStride);
    }

    /** Calls {@link Kernels#factorScores} with A_K in the columns from {@code first}; may overwrite g. */
    public void factorScores(Kernels kernels, float[] g, int heads, int keyRank, int first, float[] s) {
        scale(kernels, first, keyRank, g, heads * PANEL, heads, PANEL);
        kernels.factorScores(g, 0, heads, keyRank, format, data, layout.columnAt(format, first), s);
    }

    /** Calls {@link Kernels#softmax} with A_V in the columns from {@code first}. */
    public int softmax(
            Kernels kernels, float[] s, int heads, int first, int valueRank, float[] max, float[] sum, float[] w) {
        int largest = kernels.softmax(
                s, heads, format, data, layout.columnAt(format, first), valueRank, max, sum, w);
        scale(kernels, first, valueRank, w, PANEL, heads, valueRank * PANEL);
        return largest;
    }

    /** Rows of a token to be summed, and number of outputs. One object serves many sums, so a step allocates none. */
    public static final class Sums {
        private int outputs;
        private int groups;
        private int first;
        private int panel;

        /**
         * Sets all fields.
         *
         * @param newOutputs number of sums computed at once
         * @param newGroups number of rows of a token in each sum
         * @param newFirst first of these rows
         * @param newPanel distance, in floats, from one panel of the sums to the next
         * @return this
         */
        public Sums of(int newOutputs, int newGroups, int newFirst, int newPanel) {
            outputs = newOutputs;
            groups = newGroups;
            first = newFirst;
            panel = newPanel;
            return this;
        }
    }

    /**
     * Adds rows times probabilities: y[r][i] += Σ_g Σ_t x[r][g][t] · row[first + g][t][i], t < {@code count}.
     *
     * @param x [outputs][groups][64], from {@code xAt}; may be overwritten
     * @param y panels [⌈layout.width()/64⌉][outputs][64], from {@code yAt}, sums.panel apart
     */
    public void addRows(Kernels kernels, Sums sums, float[] x, int xAt, int count, float[] y, int yAt) {
        int rows = sums.outputs;
        int groups = sums.groups;
        int first = sums.first;
        if (format == Format.Q8) {
            for (int g = 0; g < groups; g++) {
                long scales = layout.scalesAt(format, layout.vectorOfGroup(first + g));
                kernels.scale(x, xAt + g * PANEL, rows, groups * PANEL, data, scales);
            }
        }
        // The rows of a full page are one matrix [groups·64][width].
        int pieces = count == PANEL ? 1 : groups;
        int inner = count == PANEL ? groups * PANEL : count;
        int width = layout.width();
        for (int g = 0; g < pieces; g++) {
            kernels.multiply(
                    x, xAt + g * PANEL, groups * PANEL, rows, inner, format, data, layout.rowAt(format, first + g, 0),
                    format.padded(width), width, y, yAt, sums.panel, true);
        }
    }

    /** Multiplies panels of y, {@code step} floats apart, by the scales of {@code count} adjacent columns' vectors. */
    private void scale(Kernels kernels, int first, int count, float[] y, int step, int rows, int stride) {
        if (format == Format.Q8) {
            for (int i = 0; i < count; i++) {
                long scales = layout.scalesAt(format, layout.vectorOfColumn(first + i));
                kernels.scale(y, i * step, rows, stride, data, scales);
            }
        }
    }
}
