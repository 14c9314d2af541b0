package io.github.t6j.jmh;

/**
 * A combination of parameters that this machine cannot measure: it is reported and skipped, and does not count as a
 * failure.
 */
public final class SkippedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** @param why reason */
    public SkippedException(String reason) {
        super(reason);
    }
}
