package io.github.t6j.grammar;

/** Reads the characters of a notation, and makes errors that name the place. */
final class Scanner {
    /** Deepest nesting of groups, so that recursive readers do not overflow the stack. */
    private static final int MAX_DEPTH = 200;

    private final String kind;
    private final String text;
    private int at;
    private int depth;

    /** @param kind name of the notation in errors, such as "regex" */
    Scanner(String kind, String text) {
        this.kind = kind;
        this.text = text;
    }

    boolean atEnd() {
        return at == text.length();
    }

    /** Returns the next character without reading it, or -1 at the end. */
    int peek() {
        return atEnd() ? -1 : text.codePointAt(at);
    }

    boolean sees(String expected) {
        return text.startsWith(expected, at);
    }

    /** Reads {@code expected} if it is next. */
    boolean accept(String expected) {
        if (!sees(expected)) {
            return false;
        }
        at += expected.length();
        return true;
    }

    void expect(String expected) {
        if (!accept(expected)) {
            throw error(expected);
        }
    }

    /** Reads a character. */
    int next(String expected) {
        if (atEnd()) {
            throw error(expected);
        }
        int c = text.codePointAt(at);
        at += Character.charCount(c);
        return c;
    }

    /** Reads the longest run of characters of {@code set}, which may be empty. */
    String run(CodePoints set) {
        int from = at;
        while (!atEnd() && set.contains(peek())) {
            at += Character.charCount(peek());
        }
        return text.substring(from, at);
    }

    /** Reads exactly {@code digits} hexadecimal digits. */
    int hexadecimal(int digits) {
        int value = 0;
        for (int i = 0; i < digits; i++) {
            int digit = peek() < 128 ? Character.digit(peek(), 16) : -1;
            if (digit < 0) {
                throw error(digits + " hexadecimal digits");
            }
            value = value * 16 + digit;
            at++;
        }
        return value;
    }

    /** Reads a decimal number of at most 6 digits. */
    int number() {
        String digits = run(CodePoints.of('0', '9'));
        if (digits.isEmpty() || digits.length() > 6) {
            at -= digits.length();
            throw error("a number of one to six digits");
        }
        return Integer.parseInt(digits);
    }

    /** Enters a group. */
    void enter() {
        if (++depth > MAX_DEPTH) {
            throw error("at most " + MAX_DEPTH + " groups within each other");
        }
    }

    /** Leaves a group. */
    void leave() {
        depth--;
    }

    int position() {
        return at;
    }

    void moveTo(int position) {
        at = position;
    }

    /** Returns an error at the next character. */
    IllegalArgumentException error(String expected) {
        String found = atEnd() ? "the end" : "\"" + text.substring(at, Math.min(text.length(), at + 12)) + "\"";
        return new IllegalArgumentException(
                kind + " at character " + at + ": expected " + expected + ", found " + found);
    }

    /** Returns an error about something that is valid but not supported. */
    IllegalArgumentException unsupported(int position, String feature) {
        return new IllegalArgumentException(kind + " at character " + position + ": " + feature
                + " is not supported; in \"" + text + "\"");
    }
}
