package io.github.t6j.cli.template;

/** What is wrong, before it is known in which template and line: {@link ChatTemplate} adds these. */
final class Fault extends RuntimeException {
    private static final long serialVersionUID = 1;

    Fault(String message) {
        super(message, null, false, false);
    }
}
