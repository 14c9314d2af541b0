package io.github.t6j.model;

import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.AttentionStep;
import io.github.t6j.events.DecodeStepEvent;
import io.github.t6j.events.Events;
import io.github.t6j.events.PrefillEvent;
import io.github.t6j.kernels.Workers;
import java.util.Arrays;
import java.util.function.BooleanSupplier;

/**
 * Pass with rows of different sequences, so that one pass over the weights serves them all. A sequence has one row, the
 * next id of a generation, or several, a part of a prompt. Each row has the same bits as in a pass of its sequence
 * alone. Attention is computed for each sequence, with its depth, cache type and algorithm.
 *
 * <p>{@link Transformer#batch} returns an idle batch. Passes of the same sequences allocate nothing.
 */
public final class Batch implements AttentionStep {
    /** Maximum number of rows in a pass: a prompt's largest pass and as many single rows. */
    public static final int MAX_PASS_ROWS = 2 * Transformer.MAX_PASS_ROWS;

    /** Pause that does nothing. */
    public static final Runnable NO_PAUSE = () -> {};

    private final Transformer model;
    private final Workers workers;
    private final Sequence[] sequences = new Sequence[MAX_PASS_ROWS];
    private final AttentionBuffers[] buffers = new AttentionBuffers[MAX_PASS_ROWS]; // of each sequence, during a pass
    private final int[] firstRows = new int[MAX_PASS_ROWS + 1]; // of each sequence; after the last, the number of rows
    private final int[] needed = new int[MAX_PASS_ROWS]; // of each sequence, number of its last rows that are needed
    private final int[] drafts = new int[MAX_PASS_ROWS]; // of each sequence, number of its last rows that are drafts
    private final int[] ids = new int[MAX_PASS_ROWS];
    private final int[] singles = new int[MAX_PASS_ROWS]; // indices of the sequences with one row
    private final int[] firstTasks = new int[MAX_PASS_ROWS + 1]; // of each of them; after the last, the number of tasks
    private final Workers.Work appendWork = this::append;
    private final Workers.Work beginWork = this::begin;
    private final Workers.Work taskWork = this::computeTask;
    private final Workers.Work endWork = this::end;
    private final BooleanSupplier betweenBlocks = this::pauseBetweenBlocks;
    private int size;
    private int singleCount;
    private int stepCount; // number of sequences with one row or drafts
    private int draftCount; // number of all drafts
    private Activations activations; // of the last pass, or null
    private AttentionPass pass;
    private Runnable pause = NO_PAUSE;

    Batch(Transformer model) {
        this.model = model;
        this.workers = model.workers;
    }

    private void clear() {
        Arrays.fill(sequences, 0, size, null);
        size = 0;
        singleCount = 0;
        stepCount = 0;
        draftCount = 0;
    }

    /** Returns this batch and the buffers of its last pass to the pool; the caller must not use it afterwards. */
    public void release() {
        clear(); // removes the rows of a failed pass
        releaseActivations();
        pass = null;
        model.buffers.give(this);
    }

    private void releaseActivations() {
        if (activations != null) {
            model.buffers.give(activations);
            activations = null;
        }
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
     * @param newNeeded number of the last rows whose outputs are needed: 0, 1 or count
     */
    public void add(Sequence sequence, int[] newIds, int from, int count, int newNeeded) {
        add(sequence, newIds, from, count, newNeeded, 0);
    }

    /**
     * Adds the next rows, the last of which are drafts.
     *
     * @param newDrafts number of the last rows that are fed only later ({@link Sequence#keepDraft}), at most
     *     {@link Sequence#maxDrafts}; all rows are needed then
     */
    public void add(Sequence sequence, int[] newIds, int from, int count, int newNeeded, int newDrafts) {
        System.arraycopy(newIds, from, ids, rows(), count);
        if (count == 1) {
            singles[singleCount++] = size;
        }
        sequences[size] = sequence;
        stepCount += count == 1 || newDrafts > 0 ? 1 : 0;
        draftCount += newDrafts;
        needed[size] = newNeeded;
        drafts[size] = newDrafts;
        firstRows[size + 1] = firstRows[size] + count;
        size++;
    }

    private int count(int i) {
        return firstRows[i + 1] - firstRows[i];
    }

    /**
     * Feeds the ids and empties the batch; {@link #logits} is then available.
     *
     * @param newPause called before each block, and before and after the attention of several rows; it may run passes
     *     of other sequences
     */
    public void forward(Runnable newPause) {
        pause = newPause;
        try {
            feed(model.config().sizes().layers(), betweenBlocks, stepCount > 0);
        } finally {
            pause = NO_PAUSE;
        }
    }

    /**
     * Feeds the ids through the first {@code layers} blocks only and empties the batch. Later passes of the sequences
     * must have the same number of blocks; the sequences have no logits.
     *
     * @param cancelled called between blocks; if it returns true, the pass ends and its ids are not fed
     * @return hidden states [rows][width], a buffer that the next pass overwrites: the residual stream, or after the
     *     last block its norm; null if the pass was cancelled
     */
    public float[] hiddenStates(int layers, BooleanSupplier cancelled) {
        return feed(layers, cancelled, false) ? model.hiddenStates(activations, layers) : null;
    }

    /** @param isStep true if single rows are the next ids of generations, not texts of one id */
    private boolean feed(int layers, BooleanSupplier cancelled, boolean isStep) {
        for (int i = 0; i < size; i++) {
            sequences[i].reserve(count(i), drafts[i]);
        }
        if (activations == null || activations.capacity < rows()) {
            releaseActivations();
            activations = model.buffers.takeActivations(rows());
        }
        activations.begin(rows());
        PrefillEvent prefill = !isStep ? Events.beginPrefill() : null;
        DecodeStepEvent step = isStep ? Events.beginDecodeStep() : null;
        try {
            if (!pass(activations, layers, cancelled)) {
                return false;
            }
        } finally {
            giveBuffers();
        }
        if (prefill != null) {
            prefill.end(size, rows());
        }
        if (step != null) {
            step.end(stepCount, rows() - stepCount - draftCount, draftCount);
        }
        clear();
        return true;
    }

    private boolean pass(Activations a, int layers, BooleanSupplier cancelled) {
        for (int i = 0; i < size; i++) {
            buffers[i] = sequences[i].takeBuffers(count(i));
            for (int row = firstRows[i]; row < firstRows[i + 1]; row++) {
                a.set(row, ids[row], sequences[i].position() + row - firstRows[i], sequences[i]);
            }
            a.need(firstRows[i + 1] - needed[i], needed[i]);
        }
        if (!model.forward(a, this, layers, cancelled)) {
            return false;
        }
        for (int i = 0, next = 0; i < size; i++) {
            sequences[i].advance(count(i), drafts[i]);
            next += needed[i];
            if (needed[i] > 0) {
                sequences[i].keepLast(a, next - 1, drafts[i]);
            }
        }
        return true;
    }

    /** Returns the buffers in reverse order, so that the same sequences get the same ones in the next pass. */
    private void giveBuffers() {
        for (int i = size - 1; i >= 0; i--) {
            if (buffers[i] != null) {
                model.buffers.give(buffers[i]);
                buffers[i] = null;
            }
        }
    }

    /**
     * Returns the logits after {@code count} needed rows of the last pass, at most {@link Transformer#MAX_LOGIT_ROWS},
     * from the needed row {@code from}; the needed rows of all sequences follow one another.
     *
     * @return [count][{@link Transformer#logitStride()}], a buffer that the next call overwrites
     */
    public float[] logits(int from, int count) {
        return model.logits(activations, from, count);
    }

    private boolean pauseBetweenBlocks() {
        pause.run();
        return false;
    }

    /** Appends each sequence's rows to its own cache. */
    @Override
    public void append(AttentionPass newPass) {
        pass = newPass;
        workers.run(size, appendWork);
    }

    private void append(int i, int worker) {
        AttentionPass sequencePass = sequencePass(i);
        sequencePass.setLayer(pass.attention, pass.place);
        sequencePass.copyRows(pass, firstRows[i]);
        algorithm(i).append(sequencePass);
    }

    /** Computes parts of prompts one after the other, and single rows of all sequences in tasks that threads share. */
    @Override
    public void attend(AttentionPass newPass) {
        for (int i = 0; i < size; i++) {
            if (count(i) > 1 && isNeeded(i)) {
                pause.run();
                algorithm(i).attend(sequencePass(i));
                copyOutput(i);
                pause.run();
            }
        }
        workers.run(singleCount, beginWork);
        for (int s = 0; s < singleCount; s++) {
            firstTasks[s + 1] += firstTasks[s];
        }
        workers.run(firstTasks[singleCount], taskWork);
        workers.run(singleCount, endWork);
    }

    /** Returns true if the attention of a sequence is needed in this block; in the last one, only some rows are. */
    private boolean isNeeded(int i) {
        return needed[i] > 0 || pass.attention.stateElements() > 0
                || pass.place.block() + 1 < model.config().sizes().layers();
    }

    private void begin(int s, int worker) {
        int threads = Math.ceilDiv(workers.threads(), singleCount);
        firstTasks[s + 1] = algorithm(singles[s]).beginRow(sequencePass(singles[s]), threads);
    }

    private void computeTask(int task, int worker) {
        int found = Arrays.binarySearch(firstTasks, 0, singleCount, task);
        int s = found >= 0 ? found : -found - 2;
        algorithm(singles[s]).computeTask(sequencePass(singles[s]), task - firstTasks[s], worker);
    }

    private void end(int s, int worker) {
        algorithm(singles[s]).endRow(sequencePass(singles[s]));
        copyOutput(singles[s]);
    }

    private AttentionPass sequencePass(int i) {
        return buffers[i].batchPass(count(i), sequences[i].position());
    }

    private AttentionAlgorithm algorithm(int i) {
        return buffers[i].algorithm;
    }

    private void copyOutput(int i) {
        AttentionPass sequencePass = sequencePass(i);
        int row = pass.outputWidth();
        System.arraycopy(sequencePass.output, 0, pass.output, firstRows[i] * row, sequencePass.rows * row);
    }
}
