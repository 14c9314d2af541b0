package io.github.t6j.cli.serve;

import io.github.t6j.Generation;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Prompt;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.schedule.GenerationHandle;
import io.github.t6j.schedule.RefusedException;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
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
                    .unavailable("expected a pass or a generation of one token within " + PATIENCE.toSeconds()
                            + " s, found no progress");
        }
        exchange.json(200, Map.of("status", "ok"));
    }

    /** Checks at most once a second; a model that computes for others is healthy. */
    private synchronized boolean isHealthy() {
        if (System.nanoTime() - next >= 0 || seen < 0) {
            long passes = served.scheduler().metrics().passes();
            healthy = passes > seen && seen >= 0 || progresses(passes);
            seen = Math.max(passes, served.scheduler().metrics().passes());
            next = System.nanoTime() + Duration.ofSeconds(1).toNanos();
        }
        return healthy;
    }

    /**
     * Waits until the running generations make a pass. If none runs, it submits a probe, which would otherwise wait in the
     * queue behind them.
     */
    private boolean progresses(long passes) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!hasComputed(passes)) {
            if (served.scheduler().metrics().running() == 0) {
                try {
                    return succeeds(probe(), passes, end);
                } catch (RefusedException e) {
                    if (e.reason() != RefusedException.Reason.QUEUE_FULL) {
                        return false;
                    } // else the model will serve others
                }
            }
            if (System.nanoTime() - end >= 0) {
                return false;
            }
            LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
        }
        return true;
    }

    private GenerationHandle probe() {
        int start = Math.max(0, served.model().tokenizer().documentStart());
        GenerationOptions one = GenerationOptions.defaults().withMaxTokens(1).withIgnoreEndOfText(true)
                .withSampling(SamplingOptions.greedy()).withTimeout(PATIENCE);
        return served.scheduler().submit(Prompt.of(start), one);
    }

    private boolean succeeds(GenerationHandle probe, long passes, long end) {
        try {
            Generation found = probe.result().get(end - System.nanoTime(), TimeUnit.NANOSECONDS);
            return !found.tokens().isEmpty() || hasComputed(passes);
        } catch (TimeoutException e) {
            return hasComputed(passes);
        } catch (ExecutionException e) {
            return false; // such as logits that are NaN
        } catch (InterruptedException e) {
            throw new IllegalStateException("expected no interrupt of a request", e);
        }
    }

    /** Returns true if the model has made a pass since, for generations that are ahead of the probe. */
    private boolean hasComputed(long passes) {
        return served.scheduler().metrics().passes() > passes;
    }
}
