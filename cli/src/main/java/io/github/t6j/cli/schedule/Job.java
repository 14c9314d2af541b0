package io.github.t6j.cli.schedule;

import io.github.t6j.LogitsListener;
import io.github.t6j.Session;
import java.util.Arrays;

/** What was submitted, until its prompt is read: then it generates or scores. */
abstract sealed class Job permits GenerationJob, ScoringJob {
    private final int[] prompt;
    private final Ticket ticket;
    private final int index; // of the first copy, in the ticket
    private final int copies;
    private final long bytes;
    private Session session; // null until its turn comes
    private boolean failed;

    /** @param bytes that its caches may take */
    Job(int[] prompt, Ticket ticket, int index, int copies, long bytes) {
        this.prompt = prompt;
        this.ticket = ticket;
        this.index = index;
        this.copies = copies;
        this.bytes = bytes;
    }

    Ticket ticket() {
        return ticket;
    }

    int index() {
        return index;
    }

    int copies() {
        return copies;
    }

    long bytes() {
        return bytes;
    }

    int[] prompt() {
        return prompt;
    }

    boolean isCancelled() {
        return ticket.isCancelled();
    }

    /** Begins in {@code newSession}, which holds the first ids of the prompt or none. */
    void begin(Session newSession) {
        session = newSession;
    }

    /** What the next part is fed to. */
    Session session() {
        return session;
    }

    /** The next ids: they end where a pass of the whole prompt ends. */
    int[] part(int passSize) {
        return part(prompt, session.position(), prompt.length, passSize);
    }

    /** Those of {@code ids} from {@code from} on, up to the end of the pass or to {@code end}. */
    static int[] part(int[] ids, int from, int end, int passSize) {
        return Arrays.copyOfRange(ids, from, Math.min(end, (from / passSize + 1) * passSize));
    }

    /** Who wants the logits after each id of the next part; null where only the last are of use. */
    LogitsListener listener() {
        return null;
    }

    boolean isRead() {
        return session.position() == prompt.length;
    }

    boolean hasFailed() {
        return failed;
    }

    /** Tells that it was cancelled before anything came of it. */
    void cancel() {
        for (int copy = 0; copy < copies; copy++) {
            ticket.add(new Event.Cancelled(index + copy));
        }
    }

    void fail(RuntimeException cause) {
        failed = true;
        for (int copy = 0; copy < copies; copy++) {
            ticket.add(new Event.Failed(index + copy, cause));
        }
    }

    /** Frees its caches, if its turn came. */
    void close() {
        if (session != null) {
            session.close();
        }
    }
}
