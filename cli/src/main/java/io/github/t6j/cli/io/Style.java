package io.github.t6j.cli.io;

import java.util.Map;

/** Style of terminal output. @param colors true if it may use colours and dim text */
public record Style(boolean colors) {
    private static final String DIM = "\u001b[2m";
    private static final String NORMAL = "\u001b[22m";

    /** Returns a plain style without a terminal, with NO_COLOR set, or if TERM says that the terminal has no styles. */
    public static Style of(boolean terminal, Map<String, String> environment) {
        return new Style(terminal && environment.getOrDefault("NO_COLOR", "").isEmpty()
                && !"dumb".equals(environment.get("TERM")));
    }

    public String dim(String text) {
        return colors ? DIM + text + NORMAL : text;
    }
}
