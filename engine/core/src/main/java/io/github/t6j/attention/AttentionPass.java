package io.github.t6j.attention;

import io.github.t6j.kernels.Kernels;

/**
 * Input and output buffers of attention for the rows of a pass. They are allocated once for a number of rows and reused
 * by all layers of a pass.
 */
public final class AttentionPass {
    public final int stride; //          floats from one row of projections to the next
    public final int pairs; //           cosines per row: the number of pairs that RoPE rotates, in all its tables
    public final float[] projections; // [rows][stride]: projections, then the elements that the attention appends
    public final float[] output; //      [rows][heads · valueDim]
    public final float[] cos; //         [rows][pairs], cosines of each row's position
    public final float[] sin; //         [rows][pairs]
    public final int[] positions; //     [rows], for rotateAndActivate and finish
    public float[][] scratch = new float[0][]; // of the projection, from Projection.newScratch
    public Attention attention; // of the current layer
    public LayerPlace place; //    place of the current layer
    public int layer; //           index of the current layer in its cache, from 0
    public int rows; //            number of rows of this pass
    public int position; //        of the first row if rows are consecutive positions of one sequence

    /**
     * Allocates buffers for passes of at most {@code capacity} rows.
     *
     * @param stride floats of a row of projections
     * @param outputFloats floats of a row of output
     * @param pairs as {@link Rope#tableSize()}; 0 if rows are already rotated
     */
    public AttentionPass(int capacity, int stride, int outputFloats, int pairs) {
        this.stride = stride;
        this.pairs = pairs;
        projections = new float[capacity * stride];
        output = new float[capacity * outputFloats];
        cos = new float[capacity * pairs];
        sin = new float[capacity * pairs];
        positions = new int[capacity];
    }

    /** Allocates buffers for passes through attentions with the shape of {@code shape}. */
    public static AttentionPass of(Attention shape, int capacity, int pairs) {
        int stride = Math.max(Kernels.padded(shape.projections()), shape.rowFloats());
        return new AttentionPass(capacity, stride, shape.heads() * shape.valueDim(), pairs);
    }

    /** Sets the current layer of a model with layers of one kind. */
    public void setLayer(Attention newAttention, int newLayer) {
        setLayer(newAttention, LayerPlace.of(newLayer));
    }

    /** Sets the current layer. */
    public void setLayer(Attention newAttention, LayerPlace newPlace) {
        attention = newAttention;
        place = newPlace;
        layer = newPlace.index();
    }

    /** Returns the number of floats from one row of output to the next in the current layer. */
    public int outputWidth() {
        return attention.heads() * attention.valueDim();
    }

    /** Returns the number of query heads of the current layer. */
    public int heads() {
        return attention.heads();
    }

    /** Returns the offset of the projections of {@code row}. */
    public int at(int row) {
        return row * stride;
    }

    /** Returns the offset of the cosines and sines of {@code row}. */
    public int tableAt(int row) {
        return row * pairs;
    }

    /** Returns the maximum number of rows. */
    public int capacity() {
        return projections.length / stride;
    }

    /**
     * Copies the projections of {@link #rows} rows of {@code other}, with the same stride, from row {@code from} on.
     */
    public void copyRows(AttentionPass other, int from) {
        System.arraycopy(other.projections, other.at(from), projections, 0, rows * stride);
    }
}
