package io.github.t6j.schedule;

import io.github.t6j.LogitsListener;
import io.github.t6j.Session;
import io.github.t6j.events.Events;
import io.github.t6j.events.QueueWaitEvent;
import io.github.t6j.events.RunEvent;
import io.github.t6j.session.SessionCore;
import java.util.Arrays;

/** Submitted work while its prompt is read; then it generates or scores. */
abstract sealed class Job permits GenerationJob, ScoringJob {
    private final int[] prompt;
    private final int copies;
    private final long bytes;
    private final int length;
    private final QueueWaitEvent waiting = Events.beginQueueWait(); // or null
    private Session session; // null before it begins
    private RunEvent run; // of a recording, or null
    private int cachedIds;
    private int common; // number of ids after which a part ends, so that other prompts find their cache; or 0
    private int priority;
    private boolean failed;

    /**
     * @param copies number of its generations or scorings
     * @param bytes largest size of its caches
     * @param length maximum number of ids of the prompt and a continuation
     */
    Job(int[] prompt, int copies, long bytes, int length) {
        this.prompt = prompt;
        this.copies = copies;
        this.bytes = bytes;
        this.length = length;
    }

    int copies() {
        return copies;
    }

    long bytes() {
        return bytes;
    }

    int length() {
        return length;
    }

    /** Returns the maximum number of bytes that its caches, which it has begun, may still allocate. */
    abstract long growthBytes();

    int[] prompt() {
        return prompt;
    }

    /** Sets the priority, before the job is submitted. */
    void setPriority(int newPriority) {
        priority = newPriority;
    }

    int priority() {
        return priority;
    }

    /** Begins the job in {@code newSession}, which has the first ids of the prompt or none. */
    void begin(Session newSession) {
        if (waiting != null) {
            waiting.end(prompt.length, copies);
        }
        run = Events.beginRun();
        cachedIds = newSession.position();
        session = newSession;
        SessionCore.of(newSession).state().limit(length);
        SessionCore.of(newSession).state().lengthRule().expect(prompt.length);
    }

    /** Sets the number of ids at the beginning of the prompt that other prompts have in common with it. */
    void setCommon(int ids) {
        common = ids;
    }

    /** Returns true if exactly the common ids are in the cache. */
    boolean isAtCommon() {
        return common > 0 && session().position() == common;
    }

    /** Returns the number of ids of the prompt that were in a cache. */
    int found() {
        return cachedIds;
    }

    /** Returns the session that the next part is fed to. */
    Session session() {
        return session;
    }

    /** Returns the next ids, which end at a pass boundary of the whole prompt, or after the common ids. */
    int[] part(int maxPassRows) {
        int position = session.position();
        return part(prompt, position, position < common ? common : prompt.length, maxPassRows);
    }

    /** Returns {@code ids} from {@code from} to the end of the pass or to {@code end}. */
    static int[] part(int[] ids, int from, int end, int maxPassRows) {
        return Arrays.copyOfRange(ids, from, Math.min(end, (from / maxPassRows + 1) * maxPassRows));
    }

    /** Returns the listener for the logits after each id of the next part; null if only the last logits are needed. */
    LogitsListener listener() {
        return null;
    }

    /** Returns the number of ids left to read. */
    int left() {
        return prompt.length - session.position();
    }

    boolean isRead() {
        return session.position() == prompt.length;
    }

    boolean hasFailed() {
        return failed;
    }

    void fail(Throwable cause) {
        failed = true;
        reportFailure(cause);
    }

    /** Returns true if it must end before it has a result. */
    abstract boolean isInterrupted();

    /** Reports that it ended because it was interrupted. */
    abstract void reportInterruption();

    abstract void reportFailure(Throwable cause);

    abstract void cancel();

    /** Counts ids that were generated, for recordings. */
    void addGenerated(int ids) {
        if (run != null) {
            run.addGenerated(ids);
        }
    }

    /** Records the end, once. */
    void endRun() {
        if (run != null) {
            run.end(prompt.length, cachedIds);
            run = null;
        }
    }

    /** Frees its caches, if it has begun. */
    void close() {
        endRun();
        if (session != null) {
            session.close();
        }
    }
}
