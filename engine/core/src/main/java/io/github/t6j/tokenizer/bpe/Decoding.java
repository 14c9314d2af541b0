package io.github.t6j.tokenizer.bpe;

/**
 * Conversion of ids to text.
 *
 * @param byteLevel true if tokens are bytes in {@link ByteAlphabet}; the other values are then false and {@link
 *     Start#KEPT}
 * @param spaces true if ▁ represents a space
 * @param byteFallback true if the tokens {@code <0x00>} to {@code <0xFF>} are bytes
 */
public record Decoding(boolean byteLevel, boolean spaces, boolean byteFallback, Start start) {
    public static final Decoding BYTE_LEVEL = new Decoding(true, false, false, Start.KEPT);

    /** Treatment of the space that the tokenizer adds before a text. */
    public enum Start {
        KEPT,
        /** Removes a leading space from the text. */
        STRIPPED,
        /** Removes every ▁ from the first token. */
        WITHOUT_MARKS
    }
}
