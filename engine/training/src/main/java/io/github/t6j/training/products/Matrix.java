package io.github.t6j.training.products;

import io.github.t6j.weights.LittleEndian;
import java.lang.foreign.MemorySegment;

/** Matrix of a product, [rows][columns], whose rows are read as f32. */
public interface Matrix {
    /** Returns the number of rows, the outputs of a layer. */
    int rows();

    /** Returns the number of columns, the inputs of a layer. */
    int columns();

    /**
     * Copies elements {@code column … column + count} of a row.
     *
     * @param to f32 from byte {@code at}
     * @param scratch [count]; a matrix of another type unpacks into it
     */
    void read(int row, int column, int count, MemorySegment to, long at, float[] scratch);

    /** Copies a whole row to {@code to} from {@code at}. */
    void read(int row, float[] to, int at);

    /**
     * Matrix in an array, row by row.
     *
     * @param elements at least rows · columns
     */
    record Dense(float[] elements, int rows, int columns) implements Matrix {
        /** Returns matrices with the same number of columns. */
        public static Dense[] of(int columns, float[]... matrices) {
            Dense[] all = new Dense[matrices.length];
            for (int i = 0; i < all.length; i++) {
                all[i] = new Dense(matrices[i], matrices[i].length / columns, columns);
            }
            return all;
        }

        @Override
        public void read(int row, int column, int count, MemorySegment to, long at, float[] scratch) {
            MemorySegment.copy(elements, row * columns + column, to, LittleEndian.FLOAT, at, count);
        }

        @Override
        public void read(int row, float[] to, int at) {
            System.arraycopy(elements, row * columns, to, at, columns);
        }
    }
}
