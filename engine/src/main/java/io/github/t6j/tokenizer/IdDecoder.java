package io.github.t6j.tokenizer;

/** Ids, one by one, to text. */
interface IdDecoder {
    /** Appends the text that {@code id} completes to {@code out}. */
    void append(int id, StringBuilder out);

    /** Appends what is left, and starts anew. */
    void finish(StringBuilder out);
}
