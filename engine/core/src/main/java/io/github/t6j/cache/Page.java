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
 * Page of {@value PageLayout#TOKENS} tokens of one layer, laid out by a {@link PageLayout}.
 *
 * <p>A 16-bit or 8-bit format rounds each element once, when it is written. In Q8 each vector of a token has a scale
 * that makes its largest element 127.
 */
public final class Page {
    /** Layout of f32 elements and scales. */
    public static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final int CACHE_LINE = 64; // bytes
    private static final int MAX_Q8 = 127; // largest integer of Q8

    public final PageLayout layout;
    public final Format format;
    public final MemorySegment data;

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

    /** Returns the byte at which column {@code column} begins. */
    public long columnAt(int column) {
        return layout.columnAt(format, column);
    }

    /** Returns the byte at which row {@code row} of the first token begins. */
    public long rowsAt(int row) {
        return layout.rowAt(format, row, 0);
    }

    /** Returns the number of elements from one row to the next. */
    public int rowStride() {
        return format.padded(layout.width());
    }

    /** Returns the byte at which the scales of a column's vector begin; Q8 only. */
    public long columnScalesAt(int column) {
        return layout.scalesAt(format, layout.vectorOfColumn(column));
    }

    /** Returns the byte at which the scales of row {@code row} of the tokens begin; Q8 only. */
    public long rowScalesAt(int row) {
        return layout.scalesAt(format, layout.vectorOfRow(row));
    }

    /**
     * Prefetches the page: reads an int of each cache line in order, the fastest way to get a page from memory (ADR
     * 33). A step reads four lines, because C2 compiles a loop over single lines to slow code.
     *
     * @return the sum of the ints; a caller that uses it keeps compilers from dropping the reads
     */
    public int prefetch() {
        int a = 0;
        int b = 0;
        int c = 0;
        int d = 0;
        int at = 0;
        for (int end = (int) data.byteSize() - 3 * CACHE_LINE; at < end; at += 4 * CACHE_LINE) {
            a += data.get(ValueLayout.JAVA_INT, at);
            b += data.get(ValueLayout.JAVA_INT, at + CACHE_LINE);
            c += data.get(ValueLayout.JAVA_INT, at + 2 * CACHE_LINE);
            d += data.get(ValueLayout.JAVA_INT, at + 3 * CACHE_LINE);
        }
        for (; at < (int) data.byteSize(); at += CACHE_LINE) {
            a += data.get(ValueLayout.JAVA_INT, at);
        }
        return a + b + c + d;
    }

    /**
     * Writes the elements of one token.
     *
     * @param slot index of the token in the page
     * @param columns layout.columns() elements, from {@code columnsAt}
     * @param rows layout.rows() · layout.width() elements, from {@code rowsAt}
     */
    public void write(int slot, float[] columns, int columnsAt, float[] rows, int rowsAt) {
        int first = 0;
        int vector = 0;
        for (int i = 0; i < layout.vectors().size(); i++) {
            Vectors adjacent = layout.vectors().get(i);
            for (int v = 0; v < adjacent.count(); v++) {
                int column = first + v * adjacent.vectorStep();
                float factor =
                        scale(columns, columnsAt + column, adjacent.elementStep(), adjacent.length(), vector++, slot);
                writeColumns(slot, columns, columnsAt, column, adjacent.elementStep(), adjacent.length(), factor);
            }
            first += adjacent.columns();
        }
        int width = layout.width();
        for (int row = 0; row < layout.rows(); row++) {
            int from = rowsAt + row * width;
            float factor = scale(rows, from, 1, width, vector++, slot);
            writeRow(layout.rowAt(format, row, slot), rows, from, width, factor);
        }
    }

    /** Writes an element that stays f32. */
    public void writeExact(int slot, int i, float value) {
        data.set(FLOAT, layout.exactAt(format, i) + (long) slot * Float.BYTES, value);
    }

    /** Returns an element that stays f32. */
    public float exact(int slot, int i) {
        return data.get(FLOAT, layout.exactAt(format, i) + (long) slot * Float.BYTES);
    }

    /** Copies exact elements from {@code first}, [count][64], to {@code into} from {@code at}. */
    public void readExact(int first, int count, float[] into, int at) {
        MemorySegment.copy(data, FLOAT, layout.exactAt(format, first), into, at, count * PANEL);
    }

    // The two loops are separate methods because C2 compiles them several times, each time with fewer assumptions.

    private void writeColumns(int slot, float[] x, int at, int first, int step, int count, float factor) {
        for (int n = 0, column = first; n < count; n++, column += step) {
            format.set(data, columnAt(column), slot, x[at + column] * factor);
        }
    }

    private void writeRow(long row, float[] x, int at, int count, float factor) {
        for (int n = 0; n < count; n++) {
            format.set(data, row, n, x[at + n] * factor);
        }
    }

    /** Writes zeros to the tokens from {@code slot} on. */
    void clearFrom(int slot) {
        float[] zeros = new float[Math.max(layout.columns(), layout.rows() * layout.width())];
        for (int t = slot; t < PageLayout.TOKENS; t++) {
            write(t, zeros, 0, zeros, 0);
            for (int i = 0; i < layout.exact(); i++) {
                writeExact(t, i, 0f);
            }
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
        float scale = largest / MAX_Q8;
        boolean none = scale < Float.MIN_NORMAL;
        data.set(FLOAT, layout.scalesAt(format, vector) + (long) slot * Float.BYTES, none ? 0f : scale);
        return none ? 0f : MAX_Q8 / largest;
    }

    /** Returns column element {@code column} of a token, for the oracle. */
    public float column(int slot, int column) {
        float stored = format.get(data, columnAt(column), slot);
        return format == Format.Q8 ? stored * scaleOf(slot, columnScalesAt(column)) : stored;
    }

    /** Returns element {@code i} of a token's row {@code row}, for the oracle. */
    public float row(int slot, int row, int i) {
        float stored = format.get(data, layout.rowAt(format, row, slot), i);
        return format == Format.Q8 ? stored * scaleOf(slot, rowScalesAt(row)) : stored;
    }

    private float scaleOf(int slot, long scalesAt) {
        return data.get(FLOAT, scalesAt + (long) slot * Float.BYTES);
    }

    /** Writes the elements of this page to {@code f32}, an F32 page of the same layout. */
    public void widen(Kernels kernels, Page f32) {
        widenRounded(kernels, f32);
        long exact = (long) layout.exact() * PANEL * Float.BYTES; // after the rows, which overwrite some of them
        MemorySegment.copy(data, layout.exactAt(format, 0), f32.data, layout.exactAt(Format.F32, 0), exact);
    }

    private void widenRounded(Kernels kernels, Page f32) {
        if (format == Format.F16) {
            // both pages have the same layout, element by element: one loop, long enough for C2 to vectorise
            long end = layout.exact() > 0 ? layout.exactAt(format, 0) : data.byteSize();
            kernels.widen(format, data, 0, (int) (end / Short.BYTES), 0, 0, f32.data, 0);
            return;
        }
        for (int c = 0, next; c < layout.columns(); c = next) {
            next = format == Format.Q8 ? layout.nextVector(c) : layout.columns();
            long scales = format == Format.Q8 ? columnScalesAt(c) : 0;
            kernels.widen(format, data, columnAt(c), (next - c) * PANEL, scales, 1, f32.data, f32.columnAt(c));
        }
        if (format == Format.BF16 && rowStride() == layout.width()) {
            int rows = layout.rows() * PANEL * layout.width();
            kernels.widen(format, data, rowsAt(0), rows, 0, 0, f32.data, f32.rowsAt(0));
            return;
        }
        for (int row = 0; row < layout.rows(); row++) {
            for (int t = 0; t < PANEL; t++) {
                // whole groups: the next row overwrites the excess, and padding or exact elements follow the last row
                long scale = format == Format.Q8 ? rowScalesAt(row) + (long) t * Float.BYTES : 0;
                kernels.widen(
                        format, data, layout.rowAt(format, row, t), rowStride(), scale, 0, f32.data,
                        layout.rowAt(Format.F32, row, t));
            }
        }
    }

    /** Copies columns of this F32 page from {@code first}, [count][64], to {@code into} from {@code at}. */
    public void readColumns(int first, int count, float[] into, int at) {
        MemorySegment.copy(data, FLOAT, columnAt(first), into, at, count * PANEL);
    }

    /** Copies [count][64] elements of {@code from} to the columns of this F32 page from {@code first}. */
    public void writeColumns(int first, int count, float[] from, int at) {
        MemorySegment.copy(from, at, data, FLOAT, columnAt(first), count * PANEL);
    }

    /** Copies row {@code row} of the tokens of this F32 page, [64][layout.width()], to {@code into} from {@code at}. */
    public void readRows(int row, float[] into, int at) {
        MemorySegment.copy(data, FLOAT, rowsAt(row), into, at, PANEL * layout.width());
    }
}
