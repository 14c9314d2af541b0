package io.github.t6j.schedule;

import io.github.t6j.T6jException;

/** Thrown when a scheduler refuses a submission; futures of accepted ones fail with it if the scheduler breaks. */
public final class RefusedException extends T6jException {
    private static final long serialVersionUID = 1;

    /** Reason of a refusal. */
    public enum Reason {
        /** Too many requests wait; a later attempt may succeed. */
        QUEUE_FULL,
        /** The submission's cache alone would exceed the limit for all caches. */
        TOO_LARGE,
        /** The scheduler accepts no more requests. */
        CLOSED
    }

    /** Reason of the refusal. */
    private final Reason reason;

    RefusedException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    /** Returns the reason. */
    public Reason reason() {
        return reason;
    }
}
