package io.github.t6j.schedule;

import io.github.t6j.GenerationOptions;
import io.github.t6j.Generator;
import io.github.t6j.Session;
import java.util.ArrayList;
import java.util.List;

/** A generation while its prompt is read. */
final class GenerationJob extends Job {
    private final Request request;
    private final GenerationOptions options; // options with a seed
    private final long firstBytes;
    private final long otherBytes;
    private int cachedIds;

    /**
     * @param options options of the request, with a seed
     * @param firstBytes largest size of the cache of the prompt and one continuation
     * @param otherBytes largest size of the cache of each further continuation
     */
    GenerationJob(Request request, Ticket ticket, int index, GenerationOptions options, long firstBytes,
            long otherBytes) {
        super(request.prompt(), ticket, index, request.copies(), firstBytes + (request.copies() - 1) * otherBytes);
        this.request = request;
        this.options = options;
        this.firstBytes = firstBytes;
        this.otherBytes = otherBytes;
    }

    @Override
    void begin(Session newSession) {
        super.begin(newSession);
        cachedIds = newSession.position();
    }

    /** Returns its continuations, once the prompt is read. */
    List<Continuation> continuations() {
        List<Session> sessions = new ArrayList<>(List.of(session()));
        try {
            while (sessions.size() < copies()) {
                sessions.add(session().fork());
            }
            List<Continuation> continuations = new ArrayList<>();
            for (int copy = 0; copy < copies(); copy++) {
                continuations.add(continuation(copy, sessions.get(copy)));
            }
            return continuations;
        } catch (RuntimeException | Error failure) {
            sessions.subList(1, sessions.size()).forEach(Session::close);
            throw failure;
        }
    }

    private Continuation continuation(int copy, Session own) {
        var sampling = options.sampling().withSeed(options.sampling().seed() + copy);
        Generator generator = own.newGenerator(prompt(), options.withSampling(sampling));
        long bytes = copy == 0 ? firstBytes : otherBytes;
        int cached = copy == 0 ? cachedIds : 0; // count a prompt once
        return new Continuation(ticket(), index() + copy, own, generator, request.alternatives(), cached, bytes);
    }
}
