package io.github.t6j.session;

import io.github.t6j.CallOptions;
import io.github.t6j.FinishReason;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/** Deadline and cancellation of a call, checked while it computes. */
public final class Expiry {
    private static final Duration FAR = Duration.ofDays(36500);

    private final long end; // in System.nanoTime
    private final boolean ends;
    private final BooleanSupplier cancelled;

    private Expiry(Duration left, BooleanSupplier cancelled) {
        ends = left.compareTo(FAR) < 0;
        end = ends ? System.nanoTime() + Math.max(0, left.toNanos()) : 0;
        this.cancelled = cancelled;
    }

    /** Returns the expiry for a call that begins now. */
    public static Expiry of(CallOptions options) {
        Duration left = options.timeout() == null ? FAR : options.timeout();
        Duration until = options.deadline() == null ? FAR : Duration.between(Instant.now(), options.deadline());
        left = until.isNegative() ? Duration.ZERO : until.compareTo(left) < 0 ? until : left;
        return new Expiry(left, options.cancellation() == null ? () -> false : options.cancellation());
    }

    /** Returns {@code CANCELLED} or {@code DEADLINE} once the call must end, or null. */
    public FinishReason reason() {
        if (cancelled.getAsBoolean()) {
            return FinishReason.CANCELLED;
        }
        return ends && System.nanoTime() - end >= 0 ? FinishReason.DEADLINE : null;
    }

    /** Returns true once the call must end. */
    public boolean isOver() {
        return reason() != null;
    }

    /** @throws CancellationException if the call must end; the message says why */
    public void check(String call) {
        FinishReason reason = reason();
        if (reason != null) {
            throw new CancellationException(
                    call + (reason == FinishReason.DEADLINE ? ": the deadline has passed" : " was cancelled"));
        }
    }
}
