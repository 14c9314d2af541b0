package io.github.t6j.spark;

/** A job, or a document of it, that cannot be done; the message is for the user. */
final class JobFailure extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** @param message what, where, expected, found, what to do */
    JobFailure(String message) {
        super(message);
    }
}
