package io.github.t6j.tokenizer.split;

/** Rule for adding ▁, SentencePiece's character for a space, before a piece of text that does not start with it. */
public enum Metaspace {
    /** The pre-tokenizer is missing; spaces stay unchanged. */
    NONE,
    ALWAYS,
    /** Adds ▁ only before the piece at the start of the text. */
    FIRST,
    NEVER;

    public static final char MARK = '\u2581';

    private static final byte[] UTF8 = Utf8.encode(String.valueOf(MARK));

    /** Returns {@code piece} with ▁ for each space, and with ▁ before it if the rule adds one. */
    public String apply(String piece, boolean first) {
        if (this == NONE) {
            return piece;
        }
        String marked = piece.replace(' ', MARK);
        boolean prepends = this == ALWAYS || this == FIRST && first;
        return prepends && !marked.isEmpty() && marked.charAt(0) != MARK ? MARK + marked : marked;
    }

    /** Splits before every ▁. */
    public static int endBeforeMark(byte[] text, int from, int to) {
        int end = from + Utf8.width(text[from]);
        while (end < to && !isMark(text, end, to)) {
            end++;
        }
        return end;
    }

    /** Splits before every ▁ that follows another character. */
    public static int endBeforeWord(byte[] text, int from, int to) {
        int end = from;
        while (isMark(text, end, to)) {
            end += UTF8.length;
        }
        return end < to ? endBeforeMark(text, end, to) : end;
    }

    private static boolean isMark(byte[] text, int at, int to) {
        return at + UTF8.length <= to && text[at] == UTF8[0] && text[at + 1] == UTF8[1] && text[at + 2] == UTF8[2];
    }

    /** Returns true if a ▁ follows another character in {@code token}. */
    public static boolean isInside(String token) {
        for (int at = token.indexOf(MARK, 1); at > 0; at = token.indexOf(MARK, at + 1)) {
            if (token.charAt(at - 1) != MARK) {
                return true;
            }
        }
        return false;
    }
}
