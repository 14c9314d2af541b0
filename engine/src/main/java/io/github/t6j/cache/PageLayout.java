package io.github.t6j.cache;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.kernels.Format;
import java.util.List;

/**
 * What one layer keeps of {@value io.github.t6j.kernels.Kernels#PANEL} tokens, a page, in the order in which attention
 * reads it. A token's elements are of two kinds: those that are multiplied with a query (and the head factors, which
 * scale the products) stand in <em>columns</em>, a panel of tokens a number, so that lanes are tokens; those that are
 * summed into an output stand in <em>rows</em>, so that lanes are output elements.
 *
 * <pre>
 *   [columns][64]         number c of token t in row c, place t
 *   [groups][64][width]   number i of token t in group g in row g·64 + t, place i; width in whole groups of the format
 *   [scales][64]          Q8 only, f32: vector v of token t is the stored whole numbers times v·64 + t of these
 *
 *   bytes      F32, F16 where a row's place i is byte 4·i, 2·i; BF16 and Q8 as {@link Format} draws their rows
 *   a column   256          128                128     64
 *   a row      4·width      2·width            2·⌈width/32⌉·32     ⌈width/64⌉·64
 *   then       64 elements of slack, unused, except in Q8, if the padded width is no multiple of 64: rows are read in whole panels
 * </pre>
 *
 * {@link FactorCache}, {@link HeadCache} and {@link LatentCache} say which elements these are, or the attention itself.
 *
 * @param vectors what the columns are, in their order
 * @param groups rows that a token has
 * @param width elements in each of them
 */
public record PageLayout(List<Vectors> vectors, int groups, int width) {
    /** Tokens in a page. */
    public static final int TOKENS = PANEL;

    /**
     * Vectors of a token that stand in columns side by side: what shares a scale in Q8. Number i of vector v is in
     * column v·vectorStep + i·elementStep of them.
     *
     * @param count how many
     * @param length elements in each
     */
    public record Vectors(int count, int length, int vectorStep, int elementStep) {
        /** One vector after the other, [count][length]. */
        public static Vectors oneByOne(int count, int length) {
            return new Vectors(count, length, length, 1);
        }

        /** The first elements of all vectors, then their second elements, [length][count]. */
        public static Vectors interleaved(int count, int length) {
            return new Vectors(count, length, 1, count);
        }

        /** Columns that they take. */
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

    /** A layout whose columns are one vector. */
    public PageLayout(int columns, int groups, int width) {
        this(List.of(Vectors.oneByOne(1, columns)), groups, width);
    }

    /** Elements of a token that stand in columns. */
    public int columns() {
        int columns = 0;
        for (int i = 0; i < vectors.size(); i++) {
            columns += vectors.get(i).columns();
        }
        return columns;
    }

    /** Elements that a token takes. */
    public int elementsPerToken() {
        return columns() + groups * width;
    }

    /** Bytes that a token takes, padding and scales included. */
    public int bytesPerToken(Format format) {
        return Math.toIntExact(end(format) / TOKENS);
    }

    /** Byte at which column {@code column} begins. */
    long columnAt(Format format, int column) {
        return format.bytes((long) column * TOKENS);
    }

    /** Byte at which the row of a token in {@code group} begins. */
    long rowAt(Format format, int group, int token) {
        return columnAt(format, columns()) + format.bytes(((long) group * TOKENS + token) * format.padded(width));
    }

    /** Byte at which the scales of {@code vector} begin: those of columns come first, then one a group of rows. */
    long scalesAt(Format format, int vector) {
        return rowAt(format, groups, 0) + (long) vector * TOKENS * Float.BYTES;
    }

    /** Which vector {@code column} is of. */
    int vectorOfColumn(int column) {
        int before = 0;
        int first = 0;
        for (int i = 0; i < vectors.size(); i++) {
            Vectors some = vectors.get(i);
            if (column < first + some.columns()) {
                return before + some.vectorOf(column - first);
            }
            first += some.columns();
            before += some.count();
        }
        throw new IndexOutOfBoundsException("column: expected below " + first + ", found " + column);
    }

    /** The column behind {@code column} that is of another vector, or behind the last. */
    int nextVector(int column) {
        int next = column + 1;
        while (next < columns() && vectorOfColumn(next) == vectorOfColumn(column)) {
            next++;
        }
        return next;
    }

    /** Which vector the rows of {@code group} are. */
    int vectorOfGroup(int group) {
        int count = group;
        for (int i = 0; i < vectors.size(); i++) {
            count += vectors.get(i).count();
        }
        return count;
    }

    private long end(Format format) {
        return scalesAt(format, format == Format.Q8 ? vectorOfGroup(groups) : 0);
    }

    /** Bytes of a page. */
    public long bytes(Format format) {
        boolean slack = format.padded(width) % PANEL != 0;
        return end(format) + (slack ? format.bytes(PANEL) : 0);
    }
}
