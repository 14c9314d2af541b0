package io.github.t6j.chat.template;

import java.util.HashSet;
import java.util.Set;

/**
 * Finds the template's own variables at its outermost level. Jinja2 treats variables that are set there before they are
 * read there, and not in an {@code if}, as undefined from the start. A loop or macro that runs before the {@code set}
 * does not see a given variable of that name.
 */
final class OuterLevel {
    private final Set<String> met = new HashSet<>();
    private final Set<String> assigned = new HashSet<>();
    private int inner;
    private int conditional;

    /** Enters a scope with its own variables, until {@link #leave}. */
    void enter() {
        inner++;
    }

    void leave() {
        inner--;
    }

    /** Enters the bodies of an {@code if}, until {@link #leaveIf}. */
    void enterIf() {
        conditional++;
    }

    void leaveIf() {
        conditional--;
    }

    void read(String name) {
        if (inner == 0) {
            met.add(name);
        }
    }

    void set(String name) {
        if (inner == 0 && met.add(name) && conditional == 0) {
            assigned.add(name);
        }
    }

    Set<String> assigned() {
        return assigned;
    }
}
