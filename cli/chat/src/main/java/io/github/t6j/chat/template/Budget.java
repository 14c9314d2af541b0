package io.github.t6j.chat.template;

/**
 * Limits of one rendering. An untrusted template could count to infinity, double a text forty times, or call itself, so
 * every operation that repeats, grows or nests charges this budget first.
 */
final class Budget {
    private static final long STEPS = 1 << 24;
    private static final long CHARACTERS = 1 << 24;
    /** Steps and characters allowed for each character of the template and its input: a conversation may be long. */
    private static final long EACH = 64;
    /** Size of a list element in characters of two bytes. */
    private static final long ELEMENT = 16;
    private static final int NESTING = 200;

    private long steps;
    private long characters;
    private int nesting;

    /** @param given characters of the template and its input */
    Budget(long given) {
        steps = STEPS + EACH * given;
        characters = CHARACTERS + EACH * given;
    }

    /** Charges a small operation. */
    void step() {
        steps(1);
    }

    void steps(long count) {
        steps -= count;
        if (steps < 0) {
            throw new Fault("the template takes too many steps for its input");
        }
    }

    /** Charges a new text of {@code count} characters. */
    void characters(long count) {
        characters -= count;
        if (characters < 0) {
            throw new Fault("the template makes too much text or too many lists for its input");
        }
        steps(count / 16);
    }

    /** Charges a new list of {@code count} elements. */
    void elements(long count) {
        characters(Math.multiplyExact(count, ELEMENT));
        steps(count);
    }

    /** Charges a search for {@code part} in {@code text}, in the worst case at each place. */
    void search(String text, String part) {
        steps((long) text.length() * (1 + part.length()) / 64);
    }

    Value.Text text(String text) {
        characters(text.length());
        return new Value.Text(text);
    }

    /** Enters a nested operation, until {@link #leave}. */
    void enter() {
        step();
        if (++nesting > NESTING) {
            throw new Fault("expected at most " + NESTING + " levels of nesting, found more");
        }
    }

    void leave() {
        nesting--;
    }
}
