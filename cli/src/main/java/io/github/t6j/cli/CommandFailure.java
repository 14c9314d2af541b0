package io.github.t6j.cli;

/** A command that cannot be done: exit code 1, and the message on one line. */
final class CommandFailure extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** @param message what, where, expected, found, what to do */
    CommandFailure(String message) {
        super(message);
    }

    CommandFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
