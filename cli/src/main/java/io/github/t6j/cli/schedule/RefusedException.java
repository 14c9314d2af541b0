package io.github.t6j.cli.schedule;

/** A request that is not taken, or that the scheduler cannot end. */
public final class RefusedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** Why. */
    public enum Reason {
        /** Too many wait: it may be taken later. */
        QUEUE_FULL,
        /** Its cache alone is larger than all caches may be. */
        TOO_LARGE,
        /** The scheduler takes no more. */
        CLOSED
    }

    private final Reason reason;

    RefusedException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    /** Why. */
    public Reason reason() {
        return reason;
    }
}
