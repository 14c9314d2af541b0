package io.github.t6j.tokenizer.split;

/**
 * Splits text into pieces within which symbols may merge, from left to right, in time linear in its length. Each
 * splitter implements one regular expression by hand, so no text can make it slow.
 */
public interface Splitter {
    /**
     * Returns the end of the piece that starts at {@code from}.
     *
     * @param text valid UTF-8
     * @param from start of a piece, below {@code to}
     * @param to end of the text, also for look-aheads
     */
    int end(byte[] text, int from, int to);

    /** Matches {@code \s+(?!\S)|\s+}: the last white space before a word is excluded, unless it is the only one. */
    static int endOfSpace(byte[] text, int from, int to) {
        int end = CharacterClass.run(CharacterClass.SPACE, text, from, to);
        int last = Utf8.before(text, end);
        return end == to || last == from ? end : last;
    }

    /**
     * Matches {@code \s*[\r\n]+|\s+(?!\S)|\s+}: white space up to its last end of line, otherwise as {@link
     * #endOfSpace}.
     */
    static int endOfLines(byte[] text, int from, int to) {
        int end = CharacterClass.run(CharacterClass.SPACE, text, from, to);
        while (end > from && !isLineEnd(text[end - 1])) {
            end--;
        }
        return end > from ? end : endOfSpace(text, from, to);
    }

    /** {@code [\r\n]}. */
    static boolean isLineEnd(byte b) {
        return b == '\r' || b == '\n';
    }
}
