package io.github.t6j.chat.template;

/** An error before its template and line are known; {@link ChatTemplate} adds them. */
final class Fault extends RuntimeException {
    private static final long serialVersionUID = 1;

    Fault(String message) {
        super(message, null, false, false);
    }
}
