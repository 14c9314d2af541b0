package io.github.t6j.chat;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** Author of a message. */
public enum Role {
    /** Instructions to the model, before the conversation. */
    SYSTEM,
    /** The person or program that asks. */
    USER,
    /** The model. */
    ASSISTANT,
    /** Result of a tool that the model called. */
    TOOL;

    /** Returns the name that templates and files use, such as {@code user}. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Returns the role with this {@link #word}, if any. */
    public static Optional<Role> of(String word) {
        return Arrays.stream(values()).filter(role -> role.word().equals(word)).findFirst();
    }

    /** Returns all names for an error message. */
    static String words() {
        return Arrays.stream(values()).map(Role::word).collect(Collectors.joining(", "));
    }
}
