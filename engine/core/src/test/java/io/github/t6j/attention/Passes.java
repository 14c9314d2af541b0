package io.github.t6j.attention;

import java.util.Arrays;

/** Passes through the attention of one layer, for tests. */
public final class Passes {
    private Passes() {}

    /**
     * Returns a pass of rows {@code from} to {@code from + count} of {@code projections}; a row's index is its
     * position.
     */
    public static AttentionPass of(Attention attention, float[] projections, int stride, int from, int count) {
        AttentionPass pass =
                new AttentionPass(count, stride, attention.heads() * attention.valueDim(), 0);
        System.arraycopy(projections, from * stride, pass.projections, 0, count * stride);
        pass.setLayer(attention, 0);
        pass.rows = count;
        pass.position = from;
        return pass;
    }

    /**
     * Appends all rows, {@code chunk} at a time, and computes their attention, in an empty cache.
     *
     * @return [rows][heads · valueDim]
     */
    public static float[] attend(AttentionAlgorithm algorithm, Attention attention, float[] projections, int chunk) {
        int stride = attention.projections();
        int rows = projections.length / stride;
        int width = attention.heads() * attention.valueDim();
        float[] y = new float[rows * width];
        for (int from = 0; from < rows; from += chunk) {
            int count = Math.min(chunk, rows - from);
            AttentionPass pass = of(attention, projections, stride, from, count);
            algorithm.cache().reserve(from, from + count);
            algorithm.append(pass);
            algorithm.attend(pass);
            algorithm.cache().commit();
            System.arraycopy(pass.output, 0, y, from * width, count * width);
        }
        return y;
    }

    /** Computes the attention of a pass whose rows are already in the cache and returns a copy of its output. */
    public static float[] attend(AttentionAlgorithm algorithm, AttentionPass pass) {
        algorithm.attend(pass);
        return Arrays.copyOf(pass.output, pass.output.length);
    }
}
