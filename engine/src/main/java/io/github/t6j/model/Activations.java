package io.github.t6j.model;

import static io.github.t6j.kernels.Kernels.padded;

import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.Rope;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.PackedMatMul;
import io.github.t6j.kernels.Workers;

/** The buffers of the rows that pass through the blocks together; one sequence's, reused for every pass. */
final class Activations {
    /** Rows of one sequence's largest pass: enough that a block of weights read from memory is used often. */
    static final int ROWS = 128;

    /** Rows whose logits are computed together: a vocabulary of them is large. */
    static final int LOGIT_ROWS = 16;

    final int capacity; // rows of the largest pass that fits
    final Kernels kernels;
    final PackedMatMul matMul;
    final Rope rope;

    final int[] ids; //       [rows]
    final int[] positions; // [rows]
    final float[] x; //       [rows][width], the residual stream
    final float[] normed; //  [rows][width]
    final AttentionPass attention; // projections, cosines and sines, and what attention makes of them
    final float[] gateUp; //  [rows][gateUpStride], gate then up
    final float[] hidden; //  [rows][hidden]
    final float[] update; //  [rows][updateStride], what a half of a block adds to x
    float[] logits; //        [1 or LOGIT_ROWS][padded vocabulary]
    final float[][] lanes; // [workers][LANES]

    final int width;
    final int gateUpStride;
    final int updateStride;

    private final Workers workers;
    private final Workers.Work row = this::row;
    private final RowOperation addUpdate = (a, index, worker) -> addUpdate(index);
    private RowOperation operation;

    /** Rows to have room for when a pass has {@code rows}: passes grow, and should not often make new buffers. */
    static int capacity(int rows) {
        return Math.max(rows, Math.min(ROWS, Integer.highestOneBit(2 * rows - 1)));
    }

    /** Buffers for passes of at most {@code capacity} rows. */
    Activations(Transformer model, int capacity) {
        this.capacity = capacity;
        kernels = model.kernels();
        workers = model.workers();
        rope = model.rope();
        matMul = new PackedMatMul(kernels, workers);
        ModelConfig.Sizes sizes = model.config().sizes();
        width = sizes.width();
        gateUpStride = padded(2 * sizes.hidden());
        updateStride = padded(width);
        ids = new int[capacity];
        positions = new int[capacity];
        x = new float[capacity * width];
        normed = new float[capacity * width];
        attention = AttentionPass.of(model.attention(), capacity, rope.pairs());
        attention.scratch = model.blocks()[0].projection().newScratch(capacity);
        gateUp = new float[capacity * gateUpStride];
        hidden = new float[capacity * sizes.hidden()];
        update = new float[capacity * updateStride];
        logits = new float[padded(sizes.vocabulary())];
        lanes = new float[workers.threads()][Kernels.LANES];
    }

    /** Makes the last row of the pass, from which its logits are computed, that of {@code other}, which has one. */
    void copyLastRow(Activations other) {
        other.begin(1);
        System.arraycopy(x, (rows() - 1) * width, other.x, 0, width);
    }

    /** Bytes of the buffers, logits and little things left out. */
    long bytes() {
        long floats = x.length + normed.length + gateUp.length + hidden.length + update.length;
        floats += attention.projections.length + attention.output.length;
        for (float[] scratch : attention.scratch) {
            floats += scratch.length;
        }
        return floats * Float.BYTES;
    }

    /** Rows of the pass. */
    int rows() {
        return attention.rows;
    }

    /** Begins a pass of {@code rows} rows. */
    void begin(int rows) {
        attention.rows = rows;
    }

    /** Makes {@code row} of the pass that of {@code id} at {@code position}. */
    void set(int row, int id, int position) {
        ids[row] = id;
        positions[row] = position;
    }

    /** Does {@code newOperation} with every row of the pass, on all threads. */
    void eachRow(RowOperation newOperation) {
        operation = newOperation;
        workers.run(rows(), row);
    }

    private void row(int index, int worker) {
        operation.row(this, index, worker);
    }

    /** x += update, for all rows of the pass. */
    void addUpdate() {
        eachRow(addUpdate);
    }

    private void addUpdate(int index) {
        int to = index * width;
        int from = index * updateStride;
        for (int i = 0; i < width; i++) {
            x[to + i] += update[from + i];
        }
    }
}
