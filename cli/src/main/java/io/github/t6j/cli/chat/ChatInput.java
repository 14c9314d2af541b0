package io.github.t6j.cli.chat;

/** Source of a chat's messages and commands. */
public interface ChatInput extends AutoCloseable {
    /** Quotes around a text of several lines. */
    String QUOTES = "\"\"\"";

    /** End of a line that continues on the next. */
    String GOES_ON = "\\";

    /** Returns the next message or command as it was typed, or null at the end. */
    String next();

    @Override
    default void close() {}

    /** Returns true if {@code typed} opens quotes without closing them. */
    static boolean isOpen(String typed) {
        String text = typed.strip();
        return text.startsWith(QUOTES) && (text.length() < 2 * QUOTES.length() || !text.endsWith(QUOTES));
    }

    /**
     * Returns the message in {@code typed}: the text between quotes unchanged, other text without surrounding white
     * space.
     */
    static String message(String typed) {
        String text = typed.strip();
        if (!text.startsWith(QUOTES)) {
            return text;
        }
        int end = isOpen(typed) ? text.length() : text.length() - QUOTES.length();
        String quoted = text.substring(QUOTES.length(), end);
        return quoted.startsWith("\n") ? quoted.substring(1) : quoted;
    }
}
