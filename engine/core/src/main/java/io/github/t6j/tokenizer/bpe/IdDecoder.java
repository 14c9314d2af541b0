package io.github.t6j.tokenizer.bpe;

/** Decodes ids to text, one at a time. */
public interface IdDecoder {
    /** Appends the text that {@code id} completes to {@code out}. */
    void append(int id, StringBuilder out);

    /** Appends the remaining text and resets the decoder. */
    void finish(StringBuilder out);
}
