package io.github.t6j.cli.template;

/**
 * A chat template that t6j does not read, or a conversation that it does not take. The message names the template, the
 * line, what is wrong, and what was found.
 */
public final class ChatTemplateException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    ChatTemplateException(String message) {
        super(message);
    }
}
