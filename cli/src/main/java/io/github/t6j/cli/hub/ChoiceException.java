package io.github.t6j.cli.hub;

import java.util.List;

/** A name that could mean several models, or a repository with none at its root: the user must say which. */
public final class ChoiceException extends HubException {
    private static final long serialVersionUID = 1;

    @SuppressWarnings("serial") // a list of the JDK's, of strings
    private final List<String> choices;

    ChoiceException(String message, List<String> choices) {
        super(message);
        this.choices = List.copyOf(choices);
    }

    /** What there is, a line each: a name and its size. */
    public List<String> choices() {
        return choices;
    }
}
