package io.github.t6j.model;

import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.AttentionStep;
import io.github.t6j.kernels.Workers;
import java.util.Arrays;

/**
 * A pass whose rows are of different sequences, one position each: one pass over the weights serves them all. A row is
 * computed as in a pass of its sequence alone, to the same bits; attention is the sequences' own, whatever their depths,
 * types of cache and algorithms.
 *
 * <p>Made by {@link Sequence#batch()}, whose buffers it uses; allocates nothing once each sequence was in one.
 */
public final class Batch implements AttentionStep {
    private final Transformer model;
    private final Workers workers;
    private final Sequence[] sequences = new Sequence[Activations.ROWS];
    private final int[] ids = new int[Activations.ROWS];
    private final Workers.Work row = this::attendRow;
    private int size;
    private boolean sideBySide;
    private AttentionPass pass;

    Batch(Transformer model) {
        this.model = model;
        this.workers = model.workers();
    }

    void clear() {
        Arrays.fill(sequences, 0, size, null);
        size = 0;
    }

    /** Adds the next row, which feeds {@code id} to {@code sequence}; a sequence has one row at most. */
    public void add(Sequence sequence, int id) {
        sequences[size] = sequence;
        ids[size++] = id;
    }

    /** Feeds the ids and leaves the batch empty; {@link Sequence#logits} of the first sequence then has the rows' logits. */
    public void forward() {
        long total = 0;
        long longest = 0;
        Activations a = sequences[0].begin(size);
        for (int i = 0; i < size; i++) {
            int position = sequences[i].position();
            sequences[i].reserve(1);
            a.set(i, ids[i], position);
            total += position;
            longest = Math.max(longest, position);
        }
        // Sequences side by side need no hand-over in between; one that is longer than a thread's share is better split.
        sideBySide = longest * workers.threads() <= total;
        model.forward(a, this, () -> false);
        for (int i = 0; i < size; i++) {
            sequences[i].advance(1);
        }
        clear();
    }

    /** Each row by its own sequence. */
    @Override
    public void append(AttentionPass newPass) {
        pass = newPass;
        for (int i = 0; i < pass.rows; i++) {
            AttentionPass own = sequences[i].single();
            own.begin(pass.attention, pass.layer);
            own.copyRow(pass, i);
            sequences[i].attention().append(own);
        }
    }

    @Override
    public void attend(AttentionPass newPass) {
        if (sideBySide) {
            workers.run(pass.rows, row);
        } else {
            for (int i = 0; i < pass.rows; i++) {
                attendRow(i, 0);
            }
        }
    }

    private void attendRow(int i, int worker) {
        AttentionPass own = sequences[i].single();
        sequences[i].attention().attend(own);
        System.arraycopy(own.output, 0, pass.output, i * own.output.length, own.output.length);
    }
}
