package io.github.t6j.session;

import io.github.t6j.kernels.Format;
import io.github.t6j.model.Batch;
import io.github.t6j.model.Sequence;
import io.github.t6j.model.Transformer;
import io.github.t6j.weights.MemoryBudget;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.IntPredicate;

/**
 * Passes of many texts, each in its own sequence, through the first layers of a model. Texts share passes, but each is
 * split as if it were alone, so its bits do not depend on the other texts. For one thread.
 */
public final class HiddenStates implements AutoCloseable {
    /** Listener to the hidden states of consecutive ids of a text. */
    @FunctionalInterface
    public interface Listener {
        /**
         * @param text index of the text
         * @param first position of the first of these ids in the text
         * @param states hidden states, of the first id at index {@code at}; a buffer that is reused after the call
         */
        void onStates(int text, int first, int count, float[] states, int at);
    }

    private final Transformer transformer;
    private final int layers;
    private final MemoryBudget budget;
    private final Batch batch;
    private final Deque<Sequence> free = new ArrayDeque<>();
    private final List<Reading> readings = new ArrayList<>(); // unfinished texts, in order

    /** Unfinished text. */
    private static final class Reading {
        final int text;
        final int[] ids;
        final Sequence sequence;
        int now; // number of ids in the current pass

        Reading(int text, int[] ids, Sequence sequence) {
            this.text = text;
            this.ids = ids;
            this.sequence = sequence;
        }

        int left() {
            return ids.length - sequence.position();
        }
    }

    /**
     * @param layers number of layers before the hidden states; after all layers, the last norm is applied
     * @param budget budget that the caches of the texts are counted in
     */
    public HiddenStates(Transformer transformer, int layers, MemoryBudget budget) {
        this.transformer = transformer;
        this.layers = layers;
        this.budget = budget;
        batch = transformer.batch();
    }

    /** Returns the bytes of the cache of a text of {@code ids} ids. */
    public static long bytes(Transformer transformer, int ids) {
        return transformer.memory().fullSequence(Format.F32, false, ids);
    }

    /** Returns the maximum number of bytes that the caches of the unfinished texts can still allocate. */
    public long growthBytes() {
        return readings.stream().mapToLong(reading -> reading.sequence.growthBytes(reading.ids.length)).sum();
    }

    private Sequence newSequence() {
        return transformer.newSequence(Format.F32, false, budget);
    }

    /**
     * Reports the hidden states of all {@code texts}, each of one id or more below the vocabulary's size.
     *
     * @param cancelled called between blocks; if it returns true, the reading ends
     * @return false if it was cancelled
     */
    public boolean read(List<int[]> texts, Listener listener, BooleanSupplier cancelled) {
        for (int next = 0; next < texts.size() || !readings.isEmpty();) {
            beginPass();
            while (next < texts.size() && fits(texts.get(next).length)) {
                add(next, texts.get(next));
                next++;
            }
            if (!pass(listener, cancelled)) {
                return false;
            }
        }
        return true;
    }

    /** Begins a pass with the next parts of the unfinished texts. */
    public void beginPass() {
        readings.forEach(this::add);
    }

    /**
     * Adds a text to the pass, which it {@link #fits}.
     *
     * @param text number of the text, unique in this pass and later ones
     */
    public void add(int text, int[] ids) {
        Sequence sequence = free.isEmpty() ? newSequence() : free.pop();
        sequence.lengthRule().prepare(ids.length);
        sequence.limit(ids.length);
        readings.add(new Reading(text, ids, sequence));
        add(readings.getLast());
    }

    /**
     * Runs the pass and reports its hidden states. After a cancelled pass or an exception, this must be closed.
     *
     * @param cancelled called between blocks; if it returns true, the pass ends
     * @return false if it was cancelled
     */
    public boolean pass(Listener listener, BooleanSupplier cancelled) {
        float[] states = batch.hiddenStates(layers, cancelled);
        if (states != null) {
            report(states, listener);
        }
        return states != null;
    }

    /**
     * Drops texts between two passes.
     *
     * @param givenUp returns true for the number of a text to drop
     */
    public void removeIf(IntPredicate givenUp) {
        readings.stream().filter(reading -> givenUp.test(reading.text)).forEach(this::free);
        readings.removeIf(reading -> reading.sequence.position() == 0);
    }

    private void free(Reading reading) {
        reading.sequence.truncate(0);
        free.push(reading.sequence);
    }

    /** Returns true if the pass has room for the first part of a text of {@code ids} ids. */
    public boolean fits(int ids) {
        return batch.rows() + Math.min(ids, Transformer.MAX_PASS_ROWS) <= Batch.MAX_PASS_ROWS;
    }

    private void add(Reading reading) {
        reading.now = fits(reading.left()) ? Math.min(reading.left(), Transformer.MAX_PASS_ROWS) : 0;
        if (reading.now > 0) {
            batch.add(reading.sequence, reading.ids, reading.sequence.position(), reading.now, reading.now);
        }
    }

    private void report(float[] states, Listener listener) {
        int width = transformer.config().sizes().width();
        int row = 0;
        for (Reading reading : readings) {
            if (reading.now > 0) {
                listener.onStates(
                        reading.text, reading.sequence.position() - reading.now, reading.now, states, row * width);
                row += reading.now;
            }
        }
        for (Reading reading : readings) {
            if (reading.left() == 0) {
                free(reading);
            }
        }
        readings.removeIf(reading -> reading.sequence.position() == 0);
    }

    /** Frees the caches and gives back the buffers. */
    @Override
    public void close() {
        readings.forEach(reading -> reading.sequence.close());
        free.forEach(Sequence::close);
        batch.release();
    }
}
