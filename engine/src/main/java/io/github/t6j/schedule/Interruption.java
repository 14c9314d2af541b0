package io.github.t6j.schedule;

import io.github.t6j.FinishReason;
import io.github.t6j.session.Expiry;

/** Reason for which submitted work must end before its result: its cancellation, or what its options say. */
final class Interruption {
    private final Expiry expiry;
    private final Runnable wake;
    private volatile boolean cancelled;

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
        return cancelled ? FinishReason.CANCELLED : expiry.reason();
    }
}
