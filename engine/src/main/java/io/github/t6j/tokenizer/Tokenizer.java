package io.github.t6j.tokenizer;

import java.nio.file.Path;

/** GPT-2's byte-level BPE: text to ids and back. */
public final class Tokenizer {
    private Tokenizer() {}

    /** Whether {@code folder} holds files of a tokenizer. */
    public static boolean existsIn(Path folder) {
        throw new UnsupportedOperationException();
    }

    /** The tokenizer of a model's folder. */
    public static Tokenizer load(Path folder) {
        throw new UnsupportedOperationException();
    }

    /** Number of ids: all ids are below it. */
    public int size() {
        throw new UnsupportedOperationException();
    }

    /** The id of {@code <|endoftext|>}, or -1. */
    public int endOfText() {
        throw new UnsupportedOperationException();
    }

    /** The ids of plain text: special tokens are not read from it. */
    public int[] encode(String text) {
        throw new UnsupportedOperationException();
    }

    /** The ids of text in which special tokens, such as {@code <|endoftext|>}, stand for their ids. */
    public int[] encodeWithSpecialTokens(String text) {
        throw new UnsupportedOperationException();
    }

    /** The text of ids; bytes that are not UTF-8 become U+FFFD. */
    public String decode(int... ids) {
        throw new UnsupportedOperationException();
    }
}
