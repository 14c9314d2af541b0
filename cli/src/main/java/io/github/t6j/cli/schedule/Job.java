package io.github.t6j.cli.schedule;

import io.github.t6j.GenerationOptions;
import io.github.t6j.Generator;
import io.github.t6j.Session;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A request until its prompt is read. */
final class Job {
    private final Request request;
    private final Ticket ticket;
    private final int index; // of the first copy, in the ticket
    private final GenerationOptions options; // with a seed
    private final long firstBytes;
    private final long otherBytes;
    private Session session; // null until its turn comes
    private int cachedIds;
    private boolean failed;

    /**
     * @param options the request's, with a seed
     * @param firstBytes that the prompt and one continuation may take
     * @param otherBytes that each further continuation may
     */
    Job(Request request, Ticket ticket, int index, GenerationOptions options, long firstBytes, long otherBytes) {
        this.request = request;
        this.ticket = ticket;
        this.index = index;
        this.options = options;
        this.firstBytes = firstBytes;
        this.otherBytes = otherBytes;
    }

    Ticket ticket() {
        return ticket;
    }

    int copies() {
        return request.copies();
    }

    long bytes() {
        return firstBytes + (copies() - 1) * otherBytes;
    }

    int[] prompt() {
        return request.prompt();
    }

    Session session() {
        return session;
    }

    boolean isCancelled() {
        return ticket.isCancelled();
    }

    /** Begins in {@code newSession}, which holds the first ids of the prompt or none. */
    void begin(Session newSession) {
        session = newSession;
        cachedIds = newSession.position();
    }

    /** The prompt's next ids: they end where a pass of the whole prompt ends. */
    int[] part(int passSize) {
        int from = session.position();
        return Arrays.copyOfRange(prompt(), from, Math.min(prompt().length, (from / passSize + 1) * passSize));
    }

    boolean isRead() {
        return session.position() == prompt().length;
    }

    boolean hasFailed() {
        return failed;
    }

    /** Its continuations, once it is read. */
    List<Stream> streams() {
        List<Stream> streams = new ArrayList<>();
        for (int copy = 0; copy < copies(); copy++) {
            Session own = copy == 0 ? session : session.fork();
            streams.add(stream(copy, own));
        }
        return streams;
    }

    private Stream stream(int copy, Session own) {
        var sampling = options.sampling().withSeed(options.sampling().seed() + copy);
        Generator generator = own.newGenerator(prompt(), options.withSampling(sampling));
        long bytes = copy == 0 ? firstBytes : otherBytes;
        return new Stream(ticket, index + copy, own, generator, request.likeliest(), cachedIds, bytes);
    }

    /** Tells that it was cancelled before anything was chosen. */
    void cancel() {
        for (int copy = 0; copy < copies(); copy++) {
            ticket.add(new Event.Cancelled(index + copy));
        }
    }

    void fail(RuntimeException cause) {
        failed = true;
        for (int copy = 0; copy < copies(); copy++) {
            ticket.add(new Event.Failed(index + copy, cause));
        }
    }
}
