package io.github.t6j.family.lora;

import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.TensorReader;
import java.lang.foreign.Arena;

/**
 * Change of a matrix by scale · B · A.
 *
 * @param reader reads a and b
 * @param a [rank, inputs]
 * @param b [outputs, rank]
 */
record LoraChange(TensorReader reader, Tensor a, Tensor b, double scale) {
    long rank() {
        return a.rowCount();
    }

    /** Returns the change of rows {@code first … first + count}; it is read once for all of them. */
    Rows rows(long first, long count, Arena memory) {
        return new Rows(scale, reader.whole(a, memory).toFloats(), reader.rows(b, first, count, memory).toFloats(),
                Math.toIntExact(rank()));
    }

    /**
     * Change of some rows.
     *
     * @param a [rank][inputs]
     * @param b [rows][rank]
     */
    record Rows(double scale, float[] a, float[] b, int rank) {
        /** Adds the change of a row, in the order of the ranks. */
        void add(int row, double[] sums) {
            for (int k = 0; k < rank; k++) {
                double factor = scale * b[row * rank + k];
                int at = k * sums.length;
                for (int j = 0; j < sums.length; j++) {
                    sums[j] += factor * a[at + j];
                }
            }
        }
    }
}
