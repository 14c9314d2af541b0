package io.github.t6j.cli.io;

/** A failure of a command: exit code 1, and a message of one line. */
public final class CommandFailure extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** @param message what failed, where, what was expected and found, what to do */
    public CommandFailure(String message) {
        super(message);
    }

    public CommandFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
