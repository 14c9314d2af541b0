package io.github.t6j.tokenizer;

/**
 * Cuts text into pieces within which symbols may merge, from left to right, in time linear in its length. Each of these
 * is a regular expression written out, which no text can make slow.
 */
interface Splitter {
    /**
     * The end of the piece that starts at {@code from}.
     *
     * @param text valid UTF-8
     * @param from where a piece starts, below {@code to}
     * @param to where the text ends, for look-aheads, too
     */
    int end(byte[] text, int from, int to);

    /** {@code \s+(?!\S)|\s+}: white space before a word leaves its last character to the word, or as its own piece. */
    static int endOfSpace(byte[] text, int from, int to) {
        int end = Kind.run(Kind.SPACE, text, from, to);
        int last = Utf8.before(text, end);
        return end == to || last == from ? end : last;
    }

    /** {@code \s*[\r\n]+|\s+(?!\S)|\s+}: white space up to its last end of line, or else as above. */
    static int endOfLines(byte[] text, int from, int to) {
        int end = Kind.run(Kind.SPACE, text, from, to);
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
