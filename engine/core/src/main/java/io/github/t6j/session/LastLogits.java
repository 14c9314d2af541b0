package io.github.t6j.session;

import io.github.t6j.model.Sequence;
import java.util.function.Consumer;

/**
 * Logits of a session after its last id, computed on request, and those after drafts of the next ids. Only
 * {@link #lastComputed} is thread-safe.
 */
final class LastLogits {
    private final Consumer<float[]> copy = all -> copy(all, 0);
    private final int vocabulary;
    private float[] logits; // [vocabulary], or null before they are needed; written and copied under the monitor
    private boolean known; // logits belong to an id of the session; guarded by the monitor
    private Source source = Source.NONE; // of the logits after the last id
    private int[] drafts = new int[0];
    private float[] drafted = new float[0]; // [drafts][vocabulary], logits after each draft
    private int nextDraft; // index of the draft of the next id
    private int draftCount;

    private enum Source {
        NONE,
        /** The sequence computes them. */
        SEQUENCE,
        /** They are in the array, and the sequence can compute them again. */
        ARRAY,
        /** They are in the array only, from a file. */
        ONLY_ARRAY;

        boolean isArray() {
            return this == ARRAY || this == ONLY_ARRAY;
        }
    }

    LastLogits(int vocabulary) {
        this.vocabulary = vocabulary;
    }

    /** Returns a copy for a fork of the session. */
    LastLogits fork() {
        LastLogits fork = new LastLogits(vocabulary);
        fork.source = source;
        if (source.isArray()) {
            fork.copy(logits, 0);
        }
        return fork;
    }

    /** Marks the logits as outdated, because the last id changes. */
    void invalidate() {
        source = Source.NONE;
        nextDraft = 0;
        draftCount = 0;
    }

    /** Adds a draft that follows the last one, and copies the logits after it from {@code all}. */
    void addDraft(int id, float[] all, int from, int max) {
        if (drafts.length < max) {
            drafts = new int[max];
            drafted = new float[max * vocabulary];
        }
        System.arraycopy(all, from, drafted, draftCount * vocabulary, vocabulary);
        drafts[draftCount++] = id;
    }

    /** Returns true if {@code id} is the draft of the next id. */
    boolean isDraft(int id) {
        return nextDraft < draftCount && drafts[nextDraft] == id;
    }

    /** Makes the logits after the next draft those after the last id. */
    void keepDraft() {
        set(drafted, nextDraft++ * vocabulary);
    }

    /** Records that the last id was fed, so that the sequence can compute its logits. */
    void allow() {
        source = Source.SEQUENCE;
    }

    /** Copies the logits after the last id, which was fed, from {@code all}, starting at {@code from}. */
    void set(float[] all, int from) {
        copy(all, from);
        source = Source.ARRAY;
    }

    /** Copies the logits after the last id, which the sequence cannot compute. */
    void restore(float[] saved) {
        copy(saved, 0);
        source = Source.ONLY_ARRAY;
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
        return source != Source.NONE;
    }

    /** Returns the logits after the last id, which {@code sequence} computes unless they are known. */
    float[] get(Sequence sequence) {
        if (!areAvailable()) {
            throw none();
        }
        if (source == Source.SEQUENCE) {
            sequence.lastLogits(copy);
            source = Source.ARRAY;
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
        nextDraft = 0;
        draftCount = 0;
        drafts = new int[0];
        drafted = new float[0];
        if (source != Source.ONLY_ARRAY) {
            source = source == Source.NONE ? Source.NONE : Source.SEQUENCE;
            known = false;
            logits = null;
        }
    }
}
