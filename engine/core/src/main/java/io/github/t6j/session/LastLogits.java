package io.github.t6j.session;

import io.github.t6j.model.Sequence;
import java.util.function.Consumer;

/**
 * Logits of a session after its last id, computed on request. For one thread at a time, except
 * {@link #lastComputed}.
 */
final class LastLogits {
    private final Consumer<float[]> copy = all -> copy(all, 0);
    private final int vocabulary;
    private float[] logits; // [vocabulary], or null before they are needed; written and copied under the monitor
    private boolean known; // logits belong to an id of the session; guarded by the monitor
    private boolean ready; // logits belong to the last id
    private boolean rowReady; // the sequence can compute the logits of the last id

    LastLogits(int vocabulary) {
        this.vocabulary = vocabulary;
    }

    /** Returns a copy for a fork of the session. */
    LastLogits fork() {
        LastLogits fork = new LastLogits(vocabulary);
        fork.rowReady = rowReady;
        if (ready) {
            fork.copy(logits, 0);
            fork.ready = true;
        }
        return fork;
    }

    /** Marks the logits as outdated, because the last id changes. */
    void invalidate() {
        rowReady = false;
        ready = false;
    }

    /** Records that the last id was fed, so that the sequence can compute its logits. */
    void allow() {
        rowReady = true;
    }

    /** Copies the logits after the last id from {@code all}, starting at {@code from}. */
    void set(float[] all, int from) {
        copy(all, from);
        ready = true;
    }

    private synchronized void copy(float[] all, int from) {
        if (logits == null) {
            logits = new float[vocabulary];
        }
        System.arraycopy(all, from, logits, 0, vocabulary);
        known = true;
    }

    /** Returns true if {@link #get} returns logits. */
    boolean areAvailable() {
        return rowReady || ready;
    }

    /** Returns the logits after the last id, which {@code sequence} computes unless they are known. */
    float[] get(Sequence sequence) {
        if (!areAvailable()) {
            throw none();
        }
        if (!ready) {
            sequence.lastLogits(copy);
            ready = true;
        }
        return logits;
    }

    /** Returns a copy of the last logits that were computed, while another thread may feed the session. */
    synchronized float[] lastComputed() {
        if (!known) {
            throw none();
        }
        return logits.clone();
    }

    private static IllegalStateException none() {
        return new IllegalStateException(
                "no logits: feed an id first (truncate and a cancelled prefill discard the logits)");
    }

    /** Discards the logits of all ids. */
    synchronized void discard() {
        invalidate();
        known = false;
    }

    /** Releases their memory, unless they could not be computed again. */
    synchronized void trim() {
        if (rowReady || !ready) {
            ready = false;
            known = false;
            logits = null;
        }
    }
}
