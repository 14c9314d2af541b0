package io.github.t6j.schedule;

/** A request that the scheduler refuses or cannot complete. */
public final class RefusedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** Reason of a refusal. */
    public enum Reason {
        /** Too many requests wait; a later attempt may succeed. */
        QUEUE_FULL,
        /** Its cache alone would exceed the limit for all caches. */
        TOO_LARGE,
        /** The scheduler accepts no more requests. */
        CLOSED
    }

    private final Reason reason;

    RefusedException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    /** Returns the reason. */
    public Reason reason() {
        return reason;
    }
}
