package io.github.t6j.chat;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** Author of a message. */
public enum Role {
    /** Instructs the model; comes before the conversation. */
    SYSTEM,
    /** Asks the model. */
    USER,
    /** The model. */
    ASSISTANT,
    /** Returns the result of a tool that the model called. */
    TOOL;

    /** Returns the name that templates and files use, such as {@code user}. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Returns the role with this {@link #word}, if there is one. */
    public static Optional<Role> of(String word) {
        return Arrays.stream(values()).filter(role -> role.word().equals(word)).findFirst();
    }

    /** Returns all names for an error message. */
    static String words() {
        return Arrays.stream(values()).map(Role::word).collect(Collectors.joining(", "));
    }
}
