package io.github.t6j.training.products;

/** Rows of a matrix: the first at {@code at}, {@code stride} floats apart. */
public record Rows(float[] array, int at, int stride) {
    /** No rows. */
    public static final Rows NONE = new Rows(new float[0], 0, 0);

    /** Returns {@code rows} rows of {@code width} floats, in this array if it is long enough, else in a new one. */
    public Rows atLeast(int rows, int width) {
        int floats = Math.multiplyExact(rows, width);
        if (at == 0 && stride == width && array.length >= floats) {
            return this; // a step allocates nothing once it has seen its largest micro-batch
        }
        return new Rows(array.length >= floats ? array : new float[floats], 0, width);
    }

    /** Copies the first rows of {@code source}; neither has gaps between rows. */
    public void copy(Rows source, int rows) {
        System.arraycopy(source.array, source.at, array, at, rows * stride);
    }

    /** Returns the offset of a row. */
    public int row(int r) {
        return at + r * stride;
    }

    /** Returns the rows from row {@code r} on. */
    public Rows from(int r) {
        return new Rows(array, row(r), stride);
    }

    /** Returns the rows without their first {@code columns} floats. */
    public Rows after(int columns) {
        return new Rows(array, at + columns, stride);
    }
}
