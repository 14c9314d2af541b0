package io.github.t6j.chat.template;

/**
 * Thrown for an unsupported chat template, or a conversation that a template refuses. The message names the template,
 * the line, the fault, and what was found.
 */
public final class ChatTemplateException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    ChatTemplateException(String message) {
        super(message);
    }
}
