package io.github.t6j.attention;

import io.github.t6j.kernels.Kernels;

/**
 * The rows of a pass as attention sees them in one layer: what it reads of them, and where it writes. Made once for a
 * number of rows; a pass goes through all layers with it.
 */
public final class AttentionPass {
    /** Floats from one row of projections to the next. */
    public final int stride;

    /** Pairs that RoPE turns: elements of a row's cosines. */
    public final int pairs;

    /** [rows][stride]: projections, then what the attention adds behind them. */
    public final float[] projections;

    /** [rows][heads · valueDim], written. */
    public final float[] output;

    /** [rows][pairs], of each row's position. */
    public final float[] cos;

    /** [rows][pairs], of each row's position. */
    public final float[] sin;

    /** What the projection needs on its way, {@link Projection#newScratch}. */
    public float[][] scratch = new float[0][];

    /** The layer's attention. */
    public Attention attention;

    /** Which layer, from 0. */
    public int layer;

    /** Rows of this pass. */
    public int rows;

    /** Position of the first row, where rows are consecutive positions of one sequence: row r sees 0 … position + r. */
    public int position;

    /**
     * Buffers for passes of at most {@code capacity} rows.
     *
     * @param stride floats of a row of projections
     * @param outputFloats floats of a row of output
     * @param pairs pairs that RoPE turns; 0 where rows come rotated
     */
    public AttentionPass(int capacity, int stride, int outputFloats, int pairs) {
        this.stride = stride;
        this.pairs = pairs;
        projections = new float[capacity * stride];
        output = new float[capacity * outputFloats];
        cos = new float[capacity * pairs];
        sin = new float[capacity * pairs];
    }

    /** Buffers for passes through attentions of {@code shape}'s shape. */
    public static AttentionPass of(Attention shape, int capacity, int pairs) {
        int stride = Math.max(Kernels.padded(shape.projections()), shape.rowFloats());
        return new AttentionPass(capacity, stride, shape.heads() * shape.valueDim(), pairs);
    }

    /** Begins the pass of a layer. */
    public void begin(Attention newAttention, int newLayer) {
        attention = newAttention;
        layer = newLayer;
    }

    /** Where the projections of {@code row} begin. */
    public int at(int row) {
        return row * stride;
    }

    /** Where the cosines and sines of {@code row} begin. */
    public int tableAt(int row) {
        return row * pairs;
    }

    /** Rows that fit. */
    public int capacity() {
        return projections.length / stride;
    }

    /** Copies the projections of the rows from {@code from} of {@code other}, of the same stride, to this pass's. */
    public void copyRows(AttentionPass other, int from) {
        System.arraycopy(other.projections, other.at(from), projections, 0, rows * stride);
    }
}
