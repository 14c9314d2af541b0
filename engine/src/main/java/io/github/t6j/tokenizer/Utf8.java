package io.github.t6j.tokenizer;

import java.nio.charset.StandardCharsets;

/** UTF-16 to UTF-8, where {@link String#getBytes} would write a lone surrogate as a question mark. */
final class Utf8 {
    private Utf8() {}

    /** {@code text} as UTF-8; a lone surrogate becomes U+FFFD. */
    static byte[] encode(String text) {
        return wellFormed(text).getBytes(StandardCharsets.UTF_8);
    }

    private static String wellFormed(String text) {
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
}
