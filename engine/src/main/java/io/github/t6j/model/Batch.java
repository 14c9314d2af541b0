package io.github.t6j.model;

import io.github.t6j.attention.Attention;
import io.github.t6j.kernels.Workers;
import io.github.t6j.model.Transformer.Sequence;
import java.util.Arrays;

/**
 * A pass whose rows are of different sequences, one position each: one pass over the weights serves them all. A row is
 * computed as in a pass of its sequence alone, to the same bits; attention is the sequences' own, whatever their depths,
 * types of cache and paths.
 *
 * <p>Made by {@link Sequence#batch()}, whose buffers it uses; allocates nothing.
 */
public final class Batch implements AttentionStep {
    private final Transformer model;
    private final Workers workers;
    private final Sequence[] sequences = new Sequence[Activations.ROWS];
    private final int[] ids = new int[Activations.ROWS];
    private final Workers.Work row = this::attend;
    private int size;
    private boolean side;

    private Attention attention;
    private int layer;
    private Activations a;

    Batch(Transformer model, Workers workers) {
        this.model = model;
        this.workers = workers;
    }

    void clear() {
        Arrays.fill(sequences, 0, size, null);
        size = 0;
    }

    /** Adds the next row: {@code id} is to be fed to {@code sequence}, which has no row yet. */
    public void add(Sequence sequence, int id) {
        sequences[size] = sequence;
        ids[size++] = id;
    }

    /** Feeds the ids and leaves the batch empty; {@link Sequence#logits} of the first sequence then has the rows' logits. */
    public void forward() {
        long total = 0;
        long longest = 0;
        Activations rows = sequences[0].activations(size);
        for (int i = 0; i < size; i++) {
            int position = sequences[i].position();
            sequences[i].cache.reserve(position, position + 1);
            model.enter(ids[i], position, i, rows);
            total += position;
            longest = Math.max(longest, position);
        }
        // Sequences side by side need no hand-over in between; one that is longer than a thread's share is better split.
        side = longest * workers.threads() <= total;
        for (Block block : model.blocks()) {
            block.forward(model.kernels(), model.rope(), size, this, rows);
        }
        for (int i = 0; i < size; i++) {
            sequences[i].advance(1);
        }
        clear();
    }

    @Override
    public void attend(Attention newAttention, int newLayer, int rows, Activations newA) {
        attention = newAttention;
        layer = newLayer;
        a = newA;
        if (side) {
            workers.run(rows, row);
        } else {
            for (int i = 0; i < rows; i++) {
                attend(i, 0);
            }
        }
    }

    /** One row in the first row of its own sequence's buffers; the first sequence's are the batch's. */
    private void attend(int i, int worker) {
        Sequence sequence = sequences[i];
        Activations own = sequence.activations(1);
        int stride = a.projectionStride;
        int width = attention.heads() * attention.valueDim();
        System.arraycopy(a.projections, i * stride, own.projections, 0, stride);
        sequence.attend(attention, layer, 1, own);
        System.arraycopy(own.attended, 0, a.attended, i * width, width);
    }
}
