package io.github.t6j.tokenizer;

/**
 * Cuts text into the pieces within which bytes may merge, by GPT-2's regular expression
 *
 * <pre>{@code 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+}</pre>
 *
 * in one pass over valid UTF-8. {@code \s} is Unicode's White_Space; letters and numbers are those of the Unicode that
 * the JDK knows.
 */
final class PreTokenizer {
    private static final byte OTHER = 0;
    private static final byte SPACE = 1;
    private static final byte LETTER = 2;
    private static final byte NUMBER = 3;

    private static final byte[] ASCII = new byte[128];

    static {
        for (int c = 0; c < ASCII.length; c++) {
            ASCII[c] = kind(c);
        }
    }

    private PreTokenizer() {}

    /** Index of the end of the piece of {@code text} that starts at {@code from}, which must be below its length. */
    static int end(byte[] text, int from) {
        int contraction = text[from] == '\'' ? contraction(text, from) : 0;
        if (contraction > 0) {
            return from + contraction;
        }
        int body = text[from] == ' ' && from + 1 < text.length ? from + 1 : from;
        byte kind = kindAt(text, body);
        return kind == SPACE ? endOfSpace(text, from) : endOfRun(text, body, kind);
    }

    private static int contraction(byte[] text, int from) {
        int first = from + 1 < text.length ? text[from + 1] : 0;
        int second = from + 2 < text.length ? text[from + 2] : 0;
        return switch (first) {
            case 's', 't', 'm', 'd' -> 2;
            case 'r', 'v' -> second == 'e' ? 3 : 0;
            case 'l' -> second == 'l' ? 3 : 0;
            default -> 0;
        };
    }

    private static int endOfRun(byte[] text, int from, byte kind) {
        int end = from;
        do {
            end += width(text[end]);
        } while (end < text.length && kindAt(text, end) == kind);
        return end;
    }

    /** White space before a word leaves its last character to the word, or as a piece of its own. */
    private static int endOfSpace(byte[] text, int from) {
        int end = from;
        int last;
        do {
            last = end;
            end += width(text[end]);
        } while (end < text.length && kindAt(text, end) == SPACE);
        return end == text.length || last == from ? end : last;
    }

    private static byte kindAt(byte[] text, int at) {
        byte b = text[at];
        return b >= 0 ? ASCII[b] : kind(codePoint(text, at));
    }

    private static byte kind(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.UPPERCASE_LETTER, Character.LOWERCASE_LETTER, Character.TITLECASE_LETTER,
                    Character.MODIFIER_LETTER, Character.OTHER_LETTER ->
                LETTER;
            case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER -> NUMBER;
            case Character.SPACE_SEPARATOR, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> SPACE;
            default -> codePoint >= '\t' && codePoint <= '\r' || codePoint == 0x85 ? SPACE : OTHER;
        };
    }

    /** Length in bytes of the sequence that starts with {@code lead}. */
    private static int width(byte lead) {
        if (lead >= 0) {
            return 1;
        }
        int b = lead & 0xFF;
        return b < 0xE0 ? 2 : b < 0xF0 ? 3 : 4;
    }

    private static int codePoint(byte[] text, int at) {
        int width = width(text[at]);
        int codePoint = text[at] & 0x7F >> width;
        for (int i = 1; i < width; i++) {
            codePoint = codePoint << 6 | text[at + i] & 0x3F;
        }
        return codePoint;
    }
}
