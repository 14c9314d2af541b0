package io.github.t6j.schedule;

import io.github.t6j.Generator;
import io.github.t6j.Likelihood;
import io.github.t6j.Session;
import io.github.t6j.Token;
import java.util.List;

/** A continuation of a prompt that was read; it generates one id per step. */
final class Continuation {
    private final Ticket ticket;
    private final int index; // index in the ticket
    private final Session session;
    private final Generator generator;
    private final int alternatives;
    private final int cachedIds;
    private final long bytes;
    private int id; // the next id to feed
    private Event last; // null while it continues

    /** @param bytes largest size of its cache */
    Continuation(Ticket ticket, int index, Session session, Generator generator, int alternatives, int cachedIds,
            long bytes) {
        this.ticket = ticket;
        this.index = index;
        this.session = session;
        this.generator = generator;
        this.alternatives = alternatives;
        this.cachedIds = cachedIds;
        this.bytes = bytes;
    }

    Ticket ticket() {
        return ticket;
    }

    Session session() {
        return session;
    }

    long bytes() {
        return bytes;
    }

    int id() {
        return id;
    }

    boolean isOver() {
        return last != null;
    }

    /** Chooses an id from the session's logits and reports it, or ends. @return true if there is a new id */
    boolean choose() {
        try {
            Token token = ticket.isCancelled() ? null : generator.next();
            if (token != null) {
                id = token.id();
                ticket.add(new Event.Chosen(index, token, alternatives()));
            }
            if (token == null || generator.finishReason() != null) {
                last = new Event.Ended(index, generator.result(), cachedIds);
            }
            return token != null;
        } catch (RuntimeException broken) { // logits that are NaN or infinite
            fail(broken);
            return false;
        }
    }

    private List<Likelihood> alternatives() {
        return alternatives == 0 ? List.of() : session.likeliest(Math.min(alternatives, session.logits().length));
    }

    void fail(RuntimeException cause) {
        last = new Event.Failed(index, cause);
    }

    /** Reports the end after its cache is free, since the client may send the next request at once. */
    void tellLast() {
        ticket.add(last);
    }
}
