package io.github.t6j.tokenizer;

import java.nio.charset.StandardCharsets;

/** UTF-16 to UTF-8, where {@link String#getBytes} would write a lone surrogate as a question mark; and reading it. */
final class Utf8 {
    private Utf8() {}

    /** {@code text} as UTF-8; a lone surrogate becomes U+FFFD. */
    static byte[] encode(String text) {
        return wellFormed(text).getBytes(StandardCharsets.UTF_8);
    }

    /** Whether {@code text} has no lone surrogate. */
    static boolean isWellFormed(String text) {
        return wellFormed(text).equals(text);
    }

    /** {@code text} with U+FFFD for each lone surrogate; itself if there are none. */
    static String wellFormed(String text) {
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

    /** Length in bytes of the sequence that starts with {@code lead}. */
    static int width(byte lead) {
        if (lead >= 0) {
            return 1;
        }
        int b = lead & 0xFF;
        return b < 0xE0 ? 2 : b < 0xF0 ? 3 : 4;
    }

    /** The character that starts at {@code at} in valid UTF-8. */
    static int codePoint(byte[] text, int at) {
        int width = width(text[at]);
        int codePoint = width == 1 ? text[at] : text[at] & 0x7F >> width;
        for (int i = 1; i < width; i++) {
            codePoint = codePoint << 6 | text[at + i] & 0x3F;
        }
        return codePoint;
    }

    /** Where the character begins whose last byte is before {@code end}, in valid UTF-8. */
    static int before(byte[] text, int end) {
        int at = end - 1;
        while ((text[at] & 0xC0) == 0x80) {
            at--;
        }
        return at;
    }
}
