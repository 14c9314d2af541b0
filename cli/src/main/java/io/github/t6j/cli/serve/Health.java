package io.github.t6j.cli.serve;

import io.github.t6j.GenerationOptions;
import io.github.t6j.cli.schedule.Event;
import io.github.t6j.cli.schedule.RefusedException;
import io.github.t6j.cli.schedule.Request;
import io.github.t6j.cli.schedule.Ticket;
import io.github.t6j.sampling.SamplingOptions;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/** GET /health: whether generations come to an end, not only whether there is a socket. */
final class Health {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Served served;
    private long seen = -1; // passes when it was asked last
    private boolean healthy;
    private long next; // time from which to look again

    Health(Served served) {
        this.served = served;
    }

    void answer(Exchange exchange) throws IOException {
        if (!isHealthy()) {
            throw ApiException
                    .unavailable("a generation of one token did not end within " + PATIENCE.toSeconds() + " s");
        }
        exchange.json(200, Map.of("status", "ok"));
    }

    /** Looks once a second at most; a model that computes for others is at work. */
    private synchronized boolean isHealthy() {
        if (System.nanoTime() - next >= 0 || seen < 0) {
            long passes = served.scheduler().counts().passes();
            healthy = passes > seen && seen >= 0 || probe(passes);
            seen = Math.max(passes, served.scheduler().counts().passes());
            next = System.nanoTime() + Duration.ofSeconds(1).toNanos();
        }
        return healthy;
    }

    private boolean goesOn(long passes) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (served.scheduler().counts().passes() == passes && System.nanoTime() - end < 0) {
            LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
        }
        return served.scheduler().counts().passes() > passes;
    }

    private boolean probe(long passes) {
        int start = Math.max(0, served.model().tokenizer().documentStart());
        GenerationOptions one = GenerationOptions.defaults().withMaxTokens(1).withIgnoreEndOfText(true)
                .withSampling(SamplingOptions.greedy());
        Ticket ticket = new Ticket();
        try {
            served.scheduler().submit(Request.of(new int[] {start}, one), ticket);
            return switch (ticket.next(PATIENCE)) {
                case null -> served.scheduler().counts().passes() > passes; // it waits behind others
                case Event event -> event instanceof Event.Chosen;
            };
        } catch (RefusedException e) {
            return e.reason() == RefusedException.Reason.QUEUE_FULL && goesOn(passes); // it serves others
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts a request", e);
        } finally {
            ticket.cancel();
        }
    }
}
