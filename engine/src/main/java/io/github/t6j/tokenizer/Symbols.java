package io.github.t6j.tokenizer;

/** What merging starts from: the ids that a piece of text is made of, one or a few for each character. */
interface Symbols {
    /**
     * Writes the ids of the piece of {@code text} (valid UTF-8) from {@code from} to {@code to} to the start of
     * {@code ids}: at most one for each byte.
     *
     * @return how many
     */
    int read(byte[] text, int from, int to, int[] ids);
}
