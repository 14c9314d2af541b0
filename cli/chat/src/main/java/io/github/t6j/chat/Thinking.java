package io.github.t6j.chat;

/** Separates thinking, between {@code <think>} and {@code </think>}, from the answer while it is generated. */
final class Thinking {
    static final String OPEN = "<think>";
    static final String CLOSE = "</think>";

    private final AnswerListener listener;
    private final StringBuilder held = new StringBuilder(); // may be the beginning of a tag
    private boolean thinking;

    /** @param listener receives all text in order; tags count as thinking */
    Thinking(AnswerListener listener) {
        this.listener = listener;
    }

    /** Returns the end of a rendered text that opens the thinking of the answer, or "". */
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

    /** Passes on the buffered text. */
    void finish() {
        tell(held.length());
    }

    private String tag() {
        return thinking ? CLOSE : OPEN;
    }

    /** Returns the number of characters at the end of the buffer that may begin {@code tag}. */
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
