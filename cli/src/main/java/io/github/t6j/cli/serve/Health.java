package io.github.t6j.cli.serve;

import io.github.t6j.GenerationOptions;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.schedule.Event;
import io.github.t6j.schedule.RefusedException;
import io.github.t6j.schedule.Request;
import io.github.t6j.schedule.Ticket;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/** GET /health: checks that generations make progress, not only that the socket answers. */
final class Health {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final ServedModel served;
    private long seen = -1; // number of passes at the last check
    private boolean healthy;
    private long next; // time of the next check

    Health(ServedModel served) {
        this.served = served;
    }

    void answer(Exchange exchange) throws IOException {
        if (!isHealthy()) {
            throw ApiException
                    .unavailable("expected a generation of one token within " + PATIENCE.toSeconds()
                            + " s, found no progress");
        }
        exchange.json(200, Map.of("status", "ok"));
    }

    /** Checks at most once a second; a model that computes for others is healthy. */
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
                case null -> served.scheduler().counts().passes() > passes; // other generations are ahead of it
                case Event event -> event instanceof Event.Chosen;
            };
        } catch (RefusedException e) {
            return e.reason() == RefusedException.Reason.QUEUE_FULL && goesOn(passes); // the model serves others
        } catch (InterruptedException e) {
            throw new IllegalStateException("expected no interrupt of a request", e);
        } finally {
            ticket.cancel();
        }
    }
}
