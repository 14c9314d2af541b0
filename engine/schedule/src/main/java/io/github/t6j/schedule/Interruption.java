package io.github.t6j.schedule;

import io.github.t6j.FinishReason;
import io.github.t6j.session.Expiry;

/** Reason to end submitted work early: its cancellation, or the deadline or cancellation function of its options. */
final class Interruption {
    private final Expiry expiry;
    private final Runnable wake;
    private volatile boolean cancelled;
    private volatile FinishReason found; // once the expiry has given a reason, which then stays
    private volatile Throwable failure; // of the caller's cancellation, or null

    /** @param wake makes the scheduler notice a cancellation */
    Interruption(Expiry expiry, Runnable wake) {
        this.expiry = expiry;
        this.wake = wake;
    }

    void cancel() {
        cancelled = true;
        wake.run();
    }

    boolean isCancelled() {
        return cancelled;
    }

    /** Returns the reason, or null while the work may go on. */
    FinishReason reason() {
        if (cancelled) {
            return FinishReason.CANCELLED;
        }
        if (found == null) {
            try {
                found = expiry.reason();
            } catch (RuntimeException | Error broken) { // of the caller's function: ends this work only
                failure = broken;
                found = FinishReason.CANCELLED;
            }
        }
        return found;
    }

    /** Returns the exception of the caller's function, or null. */
    Throwable failure() {
        return failure;
    }
}
