package io.github.t6j.tokenizer;

import java.text.Normalizer.Form;

/** Unicode's normalisation form C. */
final class Nfc {
    private Nfc() {}

    static String normalize(String text) {
        return isAscii(text) ? text : java.text.Normalizer.normalize(text, Form.NFC);
    }

    private static boolean isAscii(String text) {
        return text.chars().allMatch(c -> c < 0x80);
    }
}
