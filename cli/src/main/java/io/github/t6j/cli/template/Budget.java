package io.github.t6j.cli.template;

/**
 * What one rendering may take: a stranger's template could count to infinity, double a text forty times, or call itself.
 * Whatever repeats, grows or nests asks here before it does.
 */
final class Budget {
    private static final long STEPS = 1 << 24;
    private static final long CHARACTERS = 1 << 24;
    /** Of either, for each character that the template is given: a conversation may be long. */
    private static final long EACH = 64;
    /** What an element of a list takes, in characters of two bytes. */
    private static final long ELEMENT = 16;
    private static final int NESTING = 200;

    private long steps;
    private long characters;
    private int nesting;

    /** @param given characters of the template, and of what it is given */
    Budget(long given) {
        steps = STEPS + EACH * given;
        characters = CHARACTERS + EACH * given;
    }

    /** Something small is done. */
    void step() {
        steps(1);
    }

    void steps(long count) {
        steps -= count;
        if (steps < 0) {
            throw new Fault("the template does not end: expected fewer steps for what it is given");
        }
    }

    /** A text of so many characters is made. */
    void characters(long count) {
        characters -= count;
        if (characters < 0) {
            throw new Fault("the template makes more and more text or lists: expected less for what it is given");
        }
        steps(count / 16);
    }

    /** A list of so many elements is made. */
    void elements(long count) {
        characters(Math.multiplyExact(count, ELEMENT));
        steps(count);
    }

    /** {@code part} is looked for in {@code text}, at each place in the worst case. */
    void search(String text, String part) {
        steps((long) text.length() * (1 + part.length()) / 64);
    }

    Value.Text text(String text) {
        characters(text.length());
        return new Value.Text(text);
    }

    /** Something inside another thing: until {@link #leave}. */
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
