package io.github.t6j.tokenizer.bpe;

import io.github.t6j.tokenizer.split.Utf8;
import java.util.Arrays;

/**
 * Characters for bytes in GPT-2's files: printable Latin-1 characters represent themselves; the other 68 bytes, in
 * order, are represented by U+0100 and the characters after it ({@code bytes_to_unicode} in GPT-2's encoder.py).
 */
public final class ByteAlphabet {
    private static final String CHARS = chars();
    private static final int[] BYTES = new int[0x144];

    static {
        Arrays.fill(BYTES, -1);
        for (int b = 0; b < 256; b++) {
            BYTES[CHARS.charAt(b)] = b;
        }
    }

    private ByteAlphabet() {}

    private static String chars() {
        StringBuilder chars = new StringBuilder();
        char next = 0x100;
        for (char b = 0; b < 256; b++) {
            boolean printable = b >= '!' && b <= '~' || b >= 0xA1 && b != 0xAD;
            chars.append(printable ? b : next++);
        }
        return chars.toString();
    }

    /** Returns the character for the byte {@code b} (0 to 255). */
    public static String text(int b) {
        return CHARS.substring(b, b + 1);
    }

    /** Returns true if all characters of {@code token} represent bytes. */
    static boolean isBytes(String token) {
        for (int i = 0; i < token.length(); i++) {
            char c = token.charAt(i);
            if (c >= BYTES.length || BYTES[c] < 0) {
                return false;
            }
        }
        return true;
    }

    /**
     * Returns the bytes that {@code token} represents. A token with other characters represents its own text, as in
     * Hugging Face's ByteLevel decoder.
     */
    static byte[] bytes(String token) {
        if (!isBytes(token)) {
            return Utf8.encode(token);
        }
        byte[] bytes = new byte[token.length()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) BYTES[token.charAt(i)];
        }
        return bytes;
    }
}
