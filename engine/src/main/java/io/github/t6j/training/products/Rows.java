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

    /** Returns a copy of the first rows of {@code other}, whose rows have no gaps, in the array of {@link #atLeast}. */
    public Rows copy(Rows other, int rows) {
        Rows copy = atLeast(rows, other.stride);
        System.arraycopy(other.array, other.at, copy.array, 0, rows * other.stride);
        return copy;
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
