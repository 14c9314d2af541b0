package io.github.t6j;

/**
 * Supertype of the exceptions that the engine defines: {@link ModelFormatException}, {@link MemoryLimitException} and a
 * scheduler's refusal. Their messages give what failed, what was expected and found, and what to do, so an application
 * may show them to its users.
 */
public abstract class T6jException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /**
     * Creates an exception whose message is complete.
     *
     * @param cause its cause, or null
     */
    protected T6jException(String message, Throwable cause) {
        super(message, cause);
    }
}
