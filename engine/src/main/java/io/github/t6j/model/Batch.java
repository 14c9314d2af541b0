package io.github.t6j.model;

import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.AttentionStep;
import io.github.t6j.kernels.Workers;
import java.util.Arrays;

/**
 * A pass with rows of different sequences, so that one pass over the weights serves them all. A sequence has one row,
 * the next of a generation, or several, part of a prompt. Each row has the same bits as in a pass of its sequence
 * alone. Attention is computed per sequence, with its own depth, cache type and algorithm.
 *
 * <p>{@link Sequence#batch()} creates a batch, which uses that sequence's buffers. A batch allocates nothing while its
 * sequences stay the same.
 */
public final class Batch implements AttentionStep {
    /** Most rows of all sequences in a pass: a prompt's largest pass and as many single rows. */
    public static final int MAX_PASS_ROWS = 2 * Transformer.MAX_PASS_ROWS;

    private final Transformer model;
    private final Workers workers;
    private final Sequence[] sequences = new Sequence[MAX_PASS_ROWS];
    private final int[] firstRows = new int[MAX_PASS_ROWS + 1]; // of each sequence; after the last, the number of rows
    private final int[] ids = new int[MAX_PASS_ROWS];
    private final int[] singles = new int[MAX_PASS_ROWS]; // indices of the sequences with one row
    private final int[] firstParts = new int[MAX_PASS_ROWS + 1]; // of each of them; after the last, the number of parts
    private final Workers.Work appendWork = this::append;
    private final Workers.Work beginWork = this::begin;
    private final Workers.Work partWork = this::part;
    private final Workers.Work endWork = this::end;
    private int size;
    private int singleCount;
    private AttentionPass pass;

    Batch(Transformer model) {
        this.model = model;
        this.workers = model.workers;
    }

    void clear() {
        Arrays.fill(sequences, 0, size, null);
        size = 0;
        singleCount = 0;
    }

    /** Returns the number of rows added. */
    public int rows() {
        return firstRows[size];
    }

    /**
     * Adds the next rows, which feed {@code count} ids to {@code sequence}.
     *
     * @param sequence a sequence without rows in this batch
     * @param from index of the first id in {@code newIds}
     * @param count from 1 to {@link Transformer#MAX_PASS_ROWS}; all rows together are at most {@link #MAX_PASS_ROWS}
     */
    public void add(Sequence sequence, int[] newIds, int from, int count) {
        System.arraycopy(newIds, from, ids, rows(), count);
        if (count == 1) {
            singles[singleCount++] = size;
        }
        sequences[size] = sequence;
        firstRows[size + 1] = firstRows[size] + count;
        size++;
    }

    private int count(int i) {
        return firstRows[i + 1] - firstRows[i];
    }

    /**
     * Feeds the ids and empties the batch; {@link Sequence#logits} of the first sequence then returns the rows' logits.
     */
    public void forward() {
        Activations a = sequences[0].begin(rows());
        for (int i = 0; i < size; i++) {
            sequences[i].reserve(count(i));
            for (int row = firstRows[i]; row < firstRows[i + 1]; row++) {
                a.set(row, ids[row], sequences[i].position() + row - firstRows[i]);
            }
        }
        model.forward(a, this, () -> false);
        for (int i = 0; i < size; i++) {
            sequences[i].advance(count(i));
        }
        clear();
    }

    /** Appends each sequence's rows to its own cache. */
    @Override
    public void append(AttentionPass newPass) {
        pass = newPass;
        workers.run(size, appendWork);
    }

    private void append(int i, int worker) {
        AttentionPass own = sequences[i].own(count(i));
        own.begin(pass.attention, pass.layer);
        own.copyRows(pass, firstRows[i]);
        sequences[i].attention.append(own);
    }

    /** Computes parts of prompts one after the other, and single rows of all sequences in parts that threads share. */
    @Override
    public void attend(AttentionPass newPass) {
        for (int i = 0; i < size; i++) {
            if (count(i) > 1) {
                sequences[i].attention.attend(own(i));
                copyOutput(i);
            }
        }
        workers.run(singleCount, beginWork);
        for (int s = 0; s < singleCount; s++) {
            firstParts[s + 1] += firstParts[s];
        }
        workers.run(firstParts[singleCount], partWork);
        workers.run(singleCount, endWork);
    }

    private void begin(int s, int worker) {
        int threads = Math.ceilDiv(workers.threads(), singleCount);
        firstParts[s + 1] = sequences[singles[s]].attention.begin(own(singles[s]), threads);
    }

    private void part(int part, int worker) {
        int found = Arrays.binarySearch(firstParts, 0, singleCount, part);
        int s = found >= 0 ? found : -found - 2;
        sequences[singles[s]].attention.part(own(singles[s]), part - firstParts[s], worker);
    }

    private void end(int s, int worker) {
        sequences[singles[s]].attention.end(own(singles[s]));
        copyOutput(singles[s]);
    }

    private AttentionPass own(int i) {
        return sequences[i].own(count(i));
    }

    private void copyOutput(int i) {
        AttentionPass own = own(i);
        int row = own.output.length / own.capacity();
        System.arraycopy(own.output, 0, pass.output, firstRows[i] * row, own.rows * row);
    }
}
