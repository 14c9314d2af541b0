package io.github.t6j.cli.chat;

/** Tells what a model thinks, between {@code <think>} and {@code </think>}, from what it says, while it comes. */
final class Thinking {
    static final String OPEN = "<think>";
    static final String CLOSE = "</think>";

    private final AnswerListener listener;
    private final StringBuilder held = new StringBuilder(); // may become a tag
    private boolean thinking;

    /** @param listener hears of all text, in order; the tags belong to the thinking */
    Thinking(AnswerListener listener) {
        this.listener = listener;
    }

    /** The end of a rendered text that has opened the thinking of the answer; or "". */
    static String openedBy(String rendered) {
        String stripped = rendered.stripTrailing();
        return stripped.endsWith(OPEN) ? rendered.substring(stripped.length() - OPEN.length()) : "";
    }

    void append(String text) {
        held.append(text);
        String tag = tag();
        for (int at = held.indexOf(tag); at >= 0; at = held.indexOf(tag)) {
            tell(thinking ? at + tag.length() : at);
            thinking = !thinking;
            tag = tag();
        }
        tell(held.length() - possibleTag(tag));
    }

    /** Tells what was held back. */
    void finish() {
        tell(held.length());
    }

    private String tag() {
        return thinking ? CLOSE : OPEN;
    }

    /** Characters at the end of what is held that may be the beginning of {@code tag}. */
    private int possibleTag(String tag) {
        int length = Math.min(tag.length() - 1, held.length());
        while (!tag.startsWith(held.substring(held.length() - length))) {
            length--;
        }
        return length;
    }

    private void tell(int length) {
        if (length > 0) {
            listener.onText(held.substring(0, length), thinking);
            held.delete(0, length);
        }
    }
}
