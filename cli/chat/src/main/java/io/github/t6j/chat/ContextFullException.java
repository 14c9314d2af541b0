package io.github.t6j.chat;

/** Thrown when messages do not fit in the context. */
public final class ContextFullException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    /** Creates an exception. */
    ContextFullException(String message) {
        super(message);
    }
}
