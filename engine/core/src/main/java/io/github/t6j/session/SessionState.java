package io.github.t6j.session;

import io.github.t6j.LogitsListener;
import io.github.t6j.SessionBytes;
import io.github.t6j.SessionOptions;
import io.github.t6j.model.LengthRule;
import io.github.t6j.model.Sequence;
import io.github.t6j.model.Transformer;
import io.github.t6j.weights.FileBytes;
import io.github.t6j.weights.MemoryBudget;
import io.github.t6j.weights.NativeMemory;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/**
 * State of a session: its token ids, their cache, which can fall behind the ids ({@link io.github.t6j.Session}), and
 * the logits after the last id. For one thread at a time, except {@link #position}, {@link #ids}, {@link #cacheBytes},
 * {@link #usedCacheBytes} and {@link #lastLogits}.
 */
public final class SessionState {
    private final Transformer transformer;
    private final SessionSizes sizes;
    private MemoryBudget budget; // of the caches of this session and its forks
    private final int contextLength;
    private final int[] single = new int[1];
    private final LastLogits logits;
    private volatile FedIds ids;
    private volatile Sequence sequence; // any thread reads its sizes, and restore replaces it
    private SessionFeed feed; // reused, or null

    /** Creates an empty session whose cache is counted in {@code budget}; {@code materialized} selects the oracle. */
    public SessionState(Transformer transformer, SessionOptions options, boolean materialized, MemoryBudget budget) {
        this(new SessionSizes(transformer, options, materialized), budget);
    }

    private SessionState(SessionSizes sizes, MemoryBudget budget) {
        this(sizes, sizes.contextLength(budget),
                sizes.transformer().newSequence(sizes.format(), sizes.materialized(), budget), new int[0],
                new LastLogits(sizes.vocabulary()), budget);
        sequence.limit(contextLength);
    }

    private SessionState(
            SessionSizes sizes, int contextLength, Sequence sequence, int[] ids, LastLogits logits,
            MemoryBudget budget) {
        this.sizes = sizes;
        this.transformer = sizes.transformer();
        this.sequence = sequence;
        this.contextLength = contextLength;
        this.logits = logits;
        this.budget = budget;
        this.ids = new FedIds(contextLength, vocabulary(), ids);
    }

    /** Returns the model of the session. */
    public Transformer transformer() {
        return transformer;
    }

    /** Returns the bytes that a session with these options takes once its context is full. */
    public static SessionBytes bytes(Transformer transformer, SessionOptions options, boolean materialized) {
        return new SessionSizes(transformer, options, materialized).bytes();
    }

    public SessionOptions options() {
        return sizes.options();
    }

    public int contextLength() {
        return contextLength;
    }

    /** Returns true if bits depend on how a prompt is split into passes. */
    public boolean passesMatter() {
        return transformer.bitsDependOnPasses();
    }

    /** Returns the fingerprint of the model. */
    public String fingerprint() {
        return transformer.fingerprint();
    }

    public int vocabulary() {
        return sizes.vocabulary();
    }

    public int position() {
        return ids.length();
    }

    /** Returns true if the session can be truncated to {@code position} without computing tokens again. */
    public boolean reaches(int position) {
        return !isBehind() && sequence.reaches(position);
    }

    /** Returns true if the keys of both sessions are rotated by the same frequencies. */
    public boolean isRotatedLike(SessionState other) {
        return sequence.rope() == other.sequence.rope();
    }

    /** Returns the rule for keys that depend on the length of the text. */
    public LengthRule lengthRule() {
        return sequence.lengthRule();
    }

    /**
     * Returns true if a restored session of {@code length} ids can be truncated to {@code position} and continued to
     * {@code newLength} ids without computing tokens again.
     */
    public boolean reachesRestored(int length, int position, int newLength) {
        return position >= transformer.shortestCut(sizes.materialized(), length)
                && transformer.sharesKeys(length, newLength);
    }

    /** Returns true if tokens are missing from the cache; {@link #catchUp} computes them. */
    private boolean isBehind() {
        return sequence.position() < ids.length();
    }

    public int[] ids() {
        return ids.all();
    }

    public long cacheBytes() {
        return sequence.heldBytes();
    }

    public long usedCacheBytes() {
        return sequence.cacheBytes();
    }

    /** Checks that {@code more} may be fed, see {@link #check(int[], int, int)}. */
    public void check(int[] more) {
        check(more, 0, Objects.requireNonNull(more, "ids").length);
    }

    /** Checks that {@code count} ids of {@code more} may be fed, see {@link FedIds#check(int[], int, int, int)}. */
    void check(int[] more, int from, int count) {
        ids.check(more, from, count, position());
    }

    /** Checks that {@code id} may be fed. */
    public void checkNext(int id) {
        ids.check(id);
        ids.checkRoom(1, position());
    }

    /**
     * Prepares the cache for a text of {@code length} ids, and computes the missing tokens.
     *
     * @return false if {@code stop} ended it; tokens computed until then stay
     */
    public boolean catchUp(int length, BooleanSupplier stop) {
        lengthRule().prepare(length);
        return !isBehind() || computeMissing(stop);
    }

    /** Computes the missing tokens, in the same passes as in an empty session. */
    private boolean computeMissing(BooleanSupplier stop) {
        logits.invalidate();
        int[] all = ids.all();
        try {
            while (isBehind()) {
                int count = Math.min(Transformer.MAX_PASS_ROWS, all.length - sequence.position());
                int needed = sequence.position() + count == all.length ? 1 : 0;
                if (!sequence.forward(all, sequence.position(), count, needed, stop)) {
                    return false;
                }
            }
        } finally {
            sequence.release();
        }
        logits.allow();
        return true;
    }

    /** Records {@code id} as the last one without feeding it; the next feed computes it. */
    public void record(int id) {
        logits.invalidate();
        single[0] = id;
        ids.append(single, 0, 1, position() + 1);
    }

    /** Feeds ids in passes of the largest size. Returns false if {@code stop} ended it. */
    public boolean feed(int[] more, LogitsListener listener, BooleanSupplier stop) {
        if (!catchUp(position() + more.length, stop)) {
            return false;
        }
        try {
            for (int from = 0; from < more.length; from += Transformer.MAX_PASS_ROWS) {
                int count = Math.min(Transformer.MAX_PASS_ROWS, more.length - from);
                int needed = listener != null ? count : from + count == more.length ? 1 : 0;
                if (!forward(more, from, count, needed, stop)) {
                    return false;
                }
                if (listener != null) {
                    logits(); // the session's logits, which the listener may read
                    report(listener, count);
                }
            }
            return true;
        } finally {
            sequence.release();
        }
    }

    /**
     * Feeds a prompt, or continues the session if it is empty, and computes the logits after it. Returns false if
     * {@code stop} ended it.
     */
    public boolean feedPrompt(int[] promptIds, BooleanSupplier stop) {
        checkPrompt(promptIds);
        if (promptIds.length == 0 && !hasLogits()) {
            dropLast();
        }
        if (!feed(promptIds, null, stop)) {
            return false;
        }
        logits();
        return true;
    }

    /** Removes the last id from the cache, so that feeding it again computes its logits. */
    private void dropLast() {
        lengthRule().prepare(position());
        if (!isBehind()) {
            sequence.reserveLast(); // may fail, but only before it removes anything
            int last = position() - 1;
            // a state cannot give back one id, so all are fed again
            sequence.truncate(last < transformer.shortestCut(sizes.materialized(), position()) ? 0 : last);
        }
    }

    /** Checks that {@link #feedPrompt} may feed {@code promptIds}. */
    public void checkPrompt(int[] promptIds) {
        if (promptIds.length > 0 || position() == 0) {
            check(promptIds);
        }
    }

    /** Feeds one id to a session that has caught up ({@link #catchUp}). Returns false if {@code stop} ended it. */
    public boolean feedCaughtUp(int id, BooleanSupplier stop) {
        try {
            single[0] = id;
            return forward(single, 0, 1, 1, stop);
        } finally {
            sequence.release();
        }
    }

    /** Makes one pass, see {@link Sequence#forward}. Returns false, and feeds nothing, if {@code stop} ended it. */
    private boolean forward(int[] more, int from, int count, int needed, BooleanSupplier stop) {
        logits.invalidate();
        if (!sequence.forward(more, from, count, needed, stop)) {
            return false;
        }
        append(more, from, count);
        if (needed > 0) {
            logits.allow();
        }
        return true;
    }

    /** Returns an empty feed to which this session and others are added; valid until the next call. */
    public SessionFeed sharedFeed() {
        if (feed == null) {
            feed = new SessionFeed();
        }
        feed.clear();
        return feed;
    }

    /** Returns the number of drafts that may follow the next id in a pass, so that rejecting them leaves no trace. */
    public int maxDrafts() {
        return isBehind() ? 0 : Math.min(sequence.maxDrafts(), contextLength - position() - 1);
    }

    /** Returns true if {@code id} was a draft of the next id in the last pass. */
    public boolean isDraft(int id) {
        return logits.isDraft(id);
    }

    /** Feeds {@code id}, for which {@link #isDraft} returns true. No pass is needed. */
    public void feedDraft(int id) {
        sequence.keepDraft();
        single[0] = id;
        append(single, 0, 1);
        logits.keepDraft();
    }

    /** Records a draft of the last pass and copies the logits after it from {@code all}. */
    void addDraft(int id, float[] all, int from, int max) {
        logits.addDraft(id, all, from, max);
    }

    /** Records {@code count} ids as fed. */
    void append(int[] fed, int from, int count) {
        ids.append(fed, from, count, sequence.position());
    }

    /** Returns the sequence for a pass of several sessions, after {@link #catchUp}; invalidates the logits. */
    Sequence fedSequence() {
        logits.invalidate();
        return sequence;
    }

    /** Copies the logits after the last id, just fed, from {@code all}, starting at {@code from}. */
    void setLogits(float[] all, int from) {
        logits.set(all, from);
    }

    /** Returns true if {@link #logits} are available. */
    boolean hasLogits() {
        return logits.areAvailable();
    }

    /** Returns the logits after the last id. */
    public float[] logits() {
        return logits.get(sequence);
    }

    /** Returns a copy of the last logits that were computed, while another thread may feed the session. */
    public float[] lastLogits() {
        return logits.lastComputed();
    }

    /** Returns the budget that the caches of this session and its forks are counted in. */
    public MemoryBudget budget() {
        return budget;
    }

    /** Counts memory that this session and its forks allocate from now on in {@code newBudget}. */
    public void charge(MemoryBudget newBudget) {
        sequence.charge(newBudget);
        budget = newBudget;
    }

    /** Limits this session and its forks to {@code length} ids, so that they allocate no more. */
    public void limit(int length) {
        sequence.limit(Math.min(length, contextLength));
    }

    /** Returns the bytes of the cache of a session limited to {@code length} ids once it is full, with shared pages. */
    public long fullBytes(int length) {
        return sizes.fullBytes(length);
    }

    /** Returns the maximum number of bytes that the cache still allocates until it has {@code length} ids. */
    public long growthBytes(int length) {
        return lengthRule().outgrows(length) ? fullBytes(length) : sequence.growthBytes(length);
    }

    /** Releases unused memory; the logits of the last id are recomputed on request. */
    public void trim() {
        ids.trim();
        feed = null;
        sequence.trim();
        logits.trim();
    }

    /** Passes the logits of all rows of the last pass to {@code listener}. */
    private void report(LogitsListener listener, int rows) {
        float[] reported = new float[vocabulary()];
        for (int row = 0; row < rows; row += Transformer.MAX_LOGIT_ROWS) {
            int count = Math.min(Transformer.MAX_LOGIT_ROWS, rows - row);
            float[] all = sequence.logits(row, count);
            for (int i = 0; i < count; i++) {
                System.arraycopy(all, i * sequence.logitStride(), reported, 0, reported.length);
                listener.onLogits(position() - rows + row + i, reported);
            }
        }
    }

    public void truncate(int position) {
        if (position < 0 || position > position()) {
            throw new IllegalArgumentException("position: expected 0 to " + position() + ", found " + position);
        }
        sequence.truncate(Math.min(position, sequence.position()));
        ids.truncate(position);
        logits.discard();
    }

    /**
     * Fills the cache of an empty session with {@code length} positions of random elements.
     *
     * @throws IllegalArgumentException if {@code length} is not in 0 … the session's context length
     * @throws IllegalStateException if the session is not empty
     */
    public void fill(int length, long seed) {
        if (length < 0 || length > contextLength) {
            throw new IllegalArgumentException("length: expected 0 to " + contextLength + ", found " + length);
        }
        if (position() > 0) {
            throw new IllegalStateException("fill: expected an empty session, found one with " + position() + " ids");
        }
        try {
            sequence.fill(length, seed);
        } catch (RuntimeException | Error failure) {
            sequence.truncate(0); // frees the memory
            throw failure;
        }
        ids.append(new int[length], 0, length, length);
        logits.discard();
    }

    public SessionState fork() {
        return new SessionState(sizes, contextLength, sequence.fork(), ids(), logits.fork(), budget);
    }

    public void save(Path file, SessionFile.Kind kind) {
        if (!isBehind() && !lengthRule().outgrows(position())) {
            SessionFile.write(file, kind, ids(), hasLogits() ? logits() : null, sequence.tensors());
            return;
        }
        SessionState complete = fork(); // a listener may save during a pass, whose cache must stay
        try {
            if (!complete.catchUp(position(), Thread.currentThread()::isInterrupted)) {
                throw new CancellationException("save was interrupted at position " + complete.sequence.position());
            }
            complete.save(file, kind);
        } finally {
            complete.free();
        }
    }

    public void restore(Path file, SessionFile.Kind kind) {
        try (NativeMemory arena = NativeMemory.confined()) {
            SessionFile found = SessionFile.read(file, kind, contextLength, vocabulary(), arena);
            Sequence restored = transformer.restoredSequence(
                    sizes.format(), sizes.materialized(), found.cache(), found.ids().length, file.toString(),
                    budget);
            restored.limit(contextLength);
            sequence.close();
            sequence = restored;
            ids = new FedIds(contextLength, vocabulary(), found.ids());
            logits.discard();
            if (found.logits() != null) {
                logits.restore(found.logits());
            }
        } catch (InternalError fault) { // a read past the end of a mapped file that was truncated
            throw FileBytes.truncated(file, fault);
        }
    }

    /** Frees the cache except pages shared with forks. */
    public void free() {
        sequence.close();
    }
}
