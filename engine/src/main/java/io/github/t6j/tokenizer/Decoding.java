package io.github.t6j.tokenizer;

/**
 * How ids become text.
 *
 * @param byteLevel whether tokens are bytes in {@link ByteAlphabet}; the rest is then false and {@link Start#KEPT}
 * @param spaces whether a ▁ is a space
 * @param byteFallback whether {@code <0x00>} to {@code <0xFF>} are bytes
 */
record Decoding(boolean byteLevel, boolean spaces, boolean byteFallback, Start start) {
    static final Decoding BYTE_LEVEL = new Decoding(true, false, false, Start.KEPT);

    /** What becomes of the space that was put before a text. */
    enum Start {
        KEPT,
        /** A text loses the space that it starts with. */
        STRIPPED,
        /** The first token loses every ▁ that it has. */
        WITHOUT_MARKS
    }
}
