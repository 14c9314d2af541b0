package io.github.t6j.chat;

/** Messages that do not fit in the context. */
public final class ContextFullException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    /** Creates an exception. */
    ContextFullException(String message) {
        super(message);
    }
}
