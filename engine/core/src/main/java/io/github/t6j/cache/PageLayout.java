package io.github.t6j.cache;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.kernels.Format;
import java.util.List;

/**
 * Layout of a page, {@value io.github.t6j.kernels.Kernels#PANEL} tokens of one layer, in the order in which attention
 * reads their elements. Elements that are multiplied by a query, and head factors that scale the products, are stored
 * in <em>columns</em>. A column has one element of every token, so that vector lanes are tokens. Elements that are
 * summed into an output are stored in <em>rows</em>. A row has several elements of one token, so that vector lanes are
 * output elements. Each attention defines which of its elements are in columns.
 *
 * <pre>
 *   [columns][64]         element c of token t is at [c][t]
 *   [rows][64][width]     element i of row r of token t is at [r][t][i]; width is padded to whole groups of the format
 *   [scales][64]          f32, only in Q8: an element of vector v of token t is its stored integer times scale [v][t]
 *   [exact][64]           f32 in every format: element i of token t is at [i][t]
 *
 *   bytes      F32      F16      BF16               Q8
 *   a column   256      128      128                64
 *   a row      4·width  2·width  2·⌈width/32⌉·32    ⌈width/64⌉·64
 * </pre>
 *
 * Kernels read rows in whole panels, so 64 unused elements follow if the padded width is no multiple of 64. Element i
 * of a row is at byte 4·i in F32 and at byte 2·i in F16; {@link Format} defines its place in BF16 and Q8.
 *
 * @param vectors vectors that form the columns, in their order
 * @param rows number of rows of a token
 * @param width number of elements in a row
 * @param exact number of elements of a token that stay f32, such as gates
 */
public record PageLayout(List<Vectors> vectors, int rows, int width, int exact) {
    /** Number of tokens in a page. */
    public static final int TOKENS = PANEL;

    /**
     * Vectors of a token in adjacent columns. Element i of vector v is in column v·vectorStep + i·elementStep of these
     * columns. In Q8 the elements of a vector share a scale.
     *
     * @param count number of vectors
     * @param length number of elements in a vector
     * @param vectorStep distance between the same elements of two consecutive vectors
     * @param elementStep distance between two consecutive elements of a vector
     */
    public record Vectors(int count, int length, int vectorStep, int elementStep) {
        /** Returns vectors stored one after the other, [count][length]. */
        public static Vectors oneByOne(int count, int length) {
            return new Vectors(count, length, length, 1);
        }

        /** Returns vectors stored by element: the first elements of all vectors, then the second, [length][count]. */
        public static Vectors interleaved(int count, int length) {
            return new Vectors(count, length, 1, count);
        }

        /** Returns the number of columns that the vectors take. */
        public int columns() {
            return count * length;
        }

        private int vectorOf(int column) {
            return column / vectorStep % count;
        }
    }

    public PageLayout {
        vectors = List.copyOf(vectors);
    }

    /** Creates a layout without exact elements. */
    public PageLayout(List<Vectors> vectors, int rows, int width) {
        this(vectors, rows, width, 0);
    }

    /** Creates a layout whose columns are one vector. */
    public PageLayout(int columns, int rows, int width) {
        this(List.of(Vectors.oneByOne(1, columns)), rows, width);
    }

    /** Returns the number of elements of a token in columns. */
    public int columns() {
        int columns = 0;
        for (int i = 0; i < vectors.size(); i++) {
            columns += vectors.get(i).columns();
        }
        return columns;
    }

    /** Returns the number of elements of a token. */
    public int elementsPerToken() {
        return columns() + rows * width + exact;
    }

    /** Returns the number of bytes of a token, padding and scales included. */
    public int bytesPerToken(Format format) {
        return Math.toIntExact(end(format) / TOKENS);
    }

    /** Returns the byte at which column {@code column} begins. */
    long columnAt(Format format, int column) {
        return format.bytes((long) column * TOKENS);
    }

    /** Returns the byte at which row {@code row} of a token begins. */
    long rowAt(Format format, int row, int token) {
        return columnAt(format, columns()) + format.bytes(((long) row * TOKENS + token) * format.padded(width));
    }

    /** Returns the byte at which the scales of {@code vector} begin; columns come first, then rows. */
    long scalesAt(Format format, int vector) {
        return rowAt(format, rows, 0) + (long) vector * TOKENS * Float.BYTES;
    }

    /** Returns the index of the vector that contains {@code column}. */
    int vectorOfColumn(int column) {
        int before = 0;
        int first = 0;
        for (int i = 0; i < vectors.size(); i++) {
            Vectors adjacent = vectors.get(i);
            if (column < first + adjacent.columns()) {
                return before + adjacent.vectorOf(column - first);
            }
            first += adjacent.columns();
            before += adjacent.count();
        }
        throw new IndexOutOfBoundsException("column: expected below " + first + ", found " + column);
    }

    /** Returns the first column after {@code column} that belongs to another vector, or the number of columns. */
    int nextVector(int column) {
        int next = column + 1;
        while (next < columns() && vectorOfColumn(next) == vectorOfColumn(column)) {
            next++;
        }
        return next;
    }

    /** Returns the index of row {@code row} among the vectors. */
    int vectorOfRow(int row) {
        int count = row;
        for (int i = 0; i < vectors.size(); i++) {
            count += vectors.get(i).count();
        }
        return count;
    }

    /** Returns the byte at which exact element {@code i} of the first token begins. */
    long exactAt(Format format, int i) {
        return scalesAt(format, format == Format.Q8 ? vectorOfRow(rows) : 0) + (long) i * TOKENS * Float.BYTES;
    }

    private long end(Format format) {
        return exactAt(format, exact);
    }

    /** Returns the number of bytes of a page. */
    public long bytes(Format format) {
        boolean needsPadding = format.padded(width) % PANEL != 0;
        return end(format) + (needsPadding ? format.bytes(PANEL) : 0);
    }
}
