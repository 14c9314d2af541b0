package io.github.t6j.chat;

import io.github.t6j.T6jException;

/** Thrown when messages do not fit in the context. */
public final class ContextFullException extends T6jException {
    private static final long serialVersionUID = 1;

    /** Creates an exception. */
    ContextFullException(String message) {
        super(message, null);
    }
}
