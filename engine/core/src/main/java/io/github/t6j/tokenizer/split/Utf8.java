package io.github.t6j.tokenizer.split;

import java.nio.charset.StandardCharsets;

/**
 * Conversion of UTF-16 to UTF-8, and reading of UTF-8; {@link String#getBytes} would replace a lone surrogate by a
 * question mark.
 */
public final class Utf8 {
    private Utf8() {}

    /** Returns {@code text} in UTF-8; a lone surrogate becomes U+FFFD. */
    public static byte[] encode(String text) {
        return wellFormed(text).getBytes(StandardCharsets.UTF_8);
    }

    /** Returns true if {@code text} has no lone surrogate. */
    public static boolean isWellFormed(String text) {
        return wellFormed(text).equals(text);
    }

    /** Returns {@code text} with U+FFFD for each lone surrogate; the same object if it has none. */
    public static String wellFormed(String text) {
        StringBuilder repaired = null;
        for (int i = 0; i < text.length(); i++) {
            if (!Character.isSurrogate(text.charAt(i))) {
                continue;
            }
            if (Character.isSupplementaryCodePoint(text.codePointAt(i))) {
                i++;
                continue;
            }
            repaired = repaired == null ? new StringBuilder(text) : repaired;
            repaired.setCharAt(i, '\uFFFD');
        }
        return repaired == null ? text : repaired.toString();
    }

    /** Returns the length in bytes of the sequence that starts with {@code lead}. */
    public static int width(byte lead) {
        if (lead >= 0) {
            return 1;
        }
        int b = lead & 0xFF;
        return b < 0xE0 ? 2 : b < 0xF0 ? 3 : 4;
    }

    /** Returns the character that starts at {@code at} in valid UTF-8. */
    static int codePoint(byte[] text, int at) {
        int width = width(text[at]);
        int codePoint = width == 1 ? text[at] : text[at] & 0x7F >> width;
        for (int i = 1; i < width; i++) {
            codePoint = codePoint << 6 | text[at + i] & 0x3F;
        }
        return codePoint;
    }

    /** Returns the start of the character that ends at {@code end}, in valid UTF-8. */
    static int before(byte[] text, int end) {
        int at = end - 1;
        while ((text[at] & 0xC0) == 0x80) {
            at--;
        }
        return at;
    }
}
