package io.github.t6j.cli.hub;

import java.util.List;

/** Thrown for a name that matches several models, or a repository without a model at its root: the user must choose. */
public final class AmbiguousNameException extends HubException {
    private static final long serialVersionUID = 1;

    @SuppressWarnings("serial") // a serializable list of strings
    private final List<String> choices;

    AmbiguousNameException(String message, List<String> choices) {
        super(message);
        this.choices = List.copyOf(choices);
    }

    /** Returns the choices, one line each: a name and its size. */
    public List<String> choices() {
        return choices;
    }
}
