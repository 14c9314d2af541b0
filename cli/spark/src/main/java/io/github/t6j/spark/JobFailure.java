package io.github.t6j.spark;

/** A failure of a job or of one of its documents; the message is for the user. */
final class JobFailure extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** @param message what failed, where, what was expected and found, what to do */
    JobFailure(String message) {
        super(message);
    }
}
