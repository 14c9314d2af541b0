package io.github.t6j.tokenizer.bpe;

/** Initial ids of a piece of text before merging, one or a few for each character. */
interface Symbols {
    /**
     * Writes the ids of bytes {@code from} to {@code to} of {@code text} (valid UTF-8) to the start of {@code ids}, at
     * most one for each byte.
     *
     * @return the number of ids
     */
    int read(byte[] text, int from, int to, int[] ids);
}
