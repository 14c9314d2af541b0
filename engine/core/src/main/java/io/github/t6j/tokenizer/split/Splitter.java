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

    /**
     * Matches {@code  ?[^\s\p{L}\p{N}]+[\r\n]*}, otherwise as {@link #endOfLines}.
     *
     * @param slash true if the end is {@code [\r\n/]*}
     */
    static int endOfOther(byte[] text, int from, int to, boolean slash) {
        int body = text[from] == ' ' && CharacterClass.is(CharacterClass.OTHER, text, from + 1, to) ? from + 1 : from;
        int end = CharacterClass.run(CharacterClass.OTHER, text, body, to);
        if (end == body) {
            return endOfLines(text, from, to);
        }
        while (end < to && (isLineEnd(text[end]) || slash && text[end] == '/')) {
            end++;
        }
        return end;
    }

    /**
     * Returns the length in bytes of {@code 's|'t|'re|'ve|'m|'ll|'d}, or 0.
     *
     * @param caseBit 0x20 to ignore the case of the letters, else 0
     */
    static int contraction(byte[] text, int from, int to, int caseBit) {
        int first = text[from] == '\'' && from + 1 < to ? text[from + 1] | caseBit : 0;
        int second = from + 2 < to ? text[from + 2] | caseBit : 0;
        return switch (first) {
            case 's', 't', 'm', 'd' -> 2;
            case 'r', 'v' -> second == 'e' ? 3 : 0;
            case 'l' -> second == 'l' ? 3 : 0;
            default -> 0;
        };
    }

    /** {@code [\r\n]}. */
    static boolean isLineEnd(byte b) {
        return b == '\r' || b == '\n';
    }
}
