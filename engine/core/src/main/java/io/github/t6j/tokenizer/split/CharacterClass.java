package io.github.t6j.tokenizer.split;

/**
 * Class of a character, as the {@link Splitter}s distinguish them. Each kind is one bit of an int, and a set of kinds
 * is their sum. Letters, marks and numbers follow the Unicode version of the JDK.
 */
final class CharacterClass {
    /** Unicode's White_Space, matched by {@code \s}. */
    static final int SPACE = 1;

    /** {@code [\p{Lu}\p{Lt}]}. */
    static final int UPPER = 1 << 1;

    /** {@code \p{Ll}}. */
    static final int LOWER = 1 << 2;

    /** {@code [\p{Lm}\p{Lo}]}. */
    static final int CASELESS = 1 << 3;

    /** {@code \p{M}}. */
    static final int MARK = 1 << 4;

    /** {@code \p{N}}. */
    static final int NUMBER = 1 << 5;

    private static final int REST = 1 << 6;

    /** {@code \p{L}}. */
    static final int LETTER = UPPER | LOWER | CASELESS;

    /** {@code [^\s\p{L}\p{N}]}. */
    static final int OTHER = MARK | REST;

    private static final byte[] ASCII = new byte[128];

    static {
        for (int c = 0; c < ASCII.length; c++) {
            ASCII[c] = (byte) of(c);
        }
    }

    private CharacterClass() {}

    /** Returns the kind of a character. */
    static int of(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.UPPERCASE_LETTER, Character.TITLECASE_LETTER -> UPPER;
            case Character.LOWERCASE_LETTER -> LOWER;
            case Character.MODIFIER_LETTER, Character.OTHER_LETTER -> CASELESS;
            case Character.NON_SPACING_MARK, Character.ENCLOSING_MARK, Character.COMBINING_SPACING_MARK -> MARK;
            case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER -> NUMBER;
            case Character.SPACE_SEPARATOR, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> SPACE;
            default -> codePoint >= '\t' && codePoint <= '\r' || codePoint == 0x85 ? SPACE : REST;
        };
    }

    /** Returns the kind of the character that starts at {@code at} in valid UTF-8. */
    static int at(byte[] text, int at) {
        byte b = text[at];
        return b >= 0 ? ASCII[b] : of(Utf8.codePoint(text, at));
    }

    /** Returns true if a character of {@code kinds} starts at {@code at}; false at the end, {@code to}. */
    static boolean is(int kinds, byte[] text, int at, int to) {
        return at < to && (at(text, at) & kinds) != 0;
    }

    /** Returns the end of the longest run of {@code kinds} that starts at {@code from}. */
    static int run(int kinds, byte[] text, int from, int to) {
        int end = from;
        while (is(kinds, text, end, to)) {
            end += Utf8.width(text[end]);
        }
        return end;
    }
}
