package io.github.t6j.cli;

/** A failure of a command: exit code 1, and a message of one line. */
final class CommandFailure extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** @param message what failed, where, what was expected and found, what to do */
    CommandFailure(String message) {
        super(message);
    }

    CommandFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
