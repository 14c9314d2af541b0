package io.github.t6j.cli;

import java.util.Map;

/** What a terminal shows otherwise than plainly. @param colours whether it may */
record Style(boolean colours) {
    private static final String DIM = "\u001b[2m";
    private static final String NORMAL = "\u001b[22m";

    /** Plain where no terminal is, where NO_COLOR says something, and where TERM says that it can nothing else. */
    static Style of(boolean terminal, Map<String, String> environment) {
        return new Style(terminal && environment.getOrDefault("NO_COLOR", "").isEmpty()
                && !"dumb".equals(environment.get("TERM")));
    }

    String dim(String text) {
        return colours ? DIM + text + NORMAL : text;
    }
}
