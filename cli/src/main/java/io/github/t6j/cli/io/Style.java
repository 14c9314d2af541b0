package io.github.t6j.cli.io;

import java.util.Map;

/** Style of terminal output. @param colors true if it may use colours and dim text */
public record Style(boolean colors) {
    private static final String DIM = "\u001b[2m";
    private static final String NORMAL = "\u001b[22m";
    private static final String BLACK_ON = "\u001b[30;%dm";
    private static final String PLAIN = "\u001b[0m";
    private static final int[] BACKGROUNDS = {46, 43, 42, 45}; // cyan, yellow, green, magenta

    /** Returns a plain style without a terminal, with NO_COLOR set, or if TERM says that the terminal has no styles. */
    public static Style of(boolean terminal, Map<String, String> environment) {
        return new Style(terminal && environment.getOrDefault("NO_COLOR", "").isEmpty()
                && !"dumb".equals(environment.get("TERM")));
    }

    /** Returns {@code text} on a background that differs from those of the indices before and after it. */
    public String marked(String text, int index) {
        int color = BACKGROUNDS[index % BACKGROUNDS.length];
        // A line feed would fill the rest of the line, or on some terminals the next one.
        return colors ? text.replaceAll("[^\n]+", BLACK_ON.formatted(color) + "$0" + PLAIN) : text;
    }

    public String dim(String text) {
        return colors ? DIM + text + NORMAL : text;
    }
}
