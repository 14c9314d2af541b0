package io.github.t6j.cli;

/** Where the messages and commands of a chat come from. */
interface ChatInput extends AutoCloseable {
    /** What a text of several lines begins and ends with. */
    String QUOTES = "\"\"\"";

    /** What a line ends with that goes on in the next. */
    String GOES_ON = "\\";

    /** The next message or command, as it was typed, or null at the end. */
    String next();

    @Override
    default void close() {}

    /** Whether {@code typed} has begun a text in quotes, and not ended it. */
    static boolean isOpen(String typed) {
        String text = typed.strip();
        return text.startsWith(QUOTES) && (text.length() < 2 * QUOTES.length() || !text.endsWith(QUOTES));
    }

    /** What {@code typed} says: the text between quotes as it is, any other without white space around it. */
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
