package io.github.t6j.cli.serve;

import io.github.t6j.CallOptions;
import io.github.t6j.Generation;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Prompt;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.schedule.GenerationHandle;
import io.github.t6j.schedule.RefusedException;
import io.github.t6j.schedule.SchedulerMetrics;
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
    private long seen = -1; // progress at the last check
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

    /** Checks at most once a second; a model that computes for other requests is healthy. */
    private synchronized boolean isHealthy() {
        if (System.nanoTime() - next >= 0 || seen < 0) {
            long progress = served.scheduler().progress();
            healthy = progress > seen && seen >= 0 || progresses(progress);
            seen = served.scheduler().progress();
            next = System.nanoTime() + Duration.ofSeconds(1).toNanos();
        }
        return healthy;
    }

    /**
     * Waits for progress of the generations. If there is none, it submits a probe, which would otherwise wait in the
     * queue behind them.
     */
    private boolean progresses(long before) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!hasProgressed(before)) {
            SchedulerMetrics metrics = served.scheduler().metrics();
            if (metrics.running() == 0 && metrics.waiting() == 0) {
                try {
                    return succeeds(probe(), before, end);
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
        GenerationOptions oneToken = GenerationOptions.defaults().withMaxTokens(1).withIgnoreEndOfText(true)
                .withSampling(SamplingOptions.greedy())
                .withCall(CallOptions.defaults().withTimeout(PATIENCE));
        return served.scheduler().submit(Prompt.of(start), oneToken);
    }

    private boolean succeeds(GenerationHandle probe, long before, long end) {
        try {
            Generation found = probe.result().get(end - System.nanoTime(), TimeUnit.NANOSECONDS);
            return !found.tokens().isEmpty() || hasProgressed(before);
        } catch (TimeoutException e) {
            return hasProgressed(before);
        } catch (ExecutionException e) {
            return false; // such as logits that are NaN
        } catch (InterruptedException e) {
            throw new IllegalStateException("expected no interrupt of a request", e);
        }
    }

    /** Returns true if the scheduler has since worked on generations ahead of the probe. */
    private boolean hasProgressed(long before) {
        return served.scheduler().progress() > before;
    }
}
