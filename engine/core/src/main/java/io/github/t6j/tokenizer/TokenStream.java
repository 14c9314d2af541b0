package io.github.t6j.tokenizer;

import io.github.t6j.tokenizer.bpe.IdDecoder;

/**
 * Decoder for ids that arrive one at a time, as in generation. A character whose bytes are spread over several ids
 * appears once it is complete. The concatenated outputs equal {@link Tokenizer#decode} of all ids. Not thread-safe.
 *
 * <p>In a vocabulary of characters with byte tokens, a run of byte tokens appears when it has ended: the original
 * library replaces a whole run if part of it is not UTF-8.
 */
public final class TokenStream {
    private final IdDecoder decoder;

    TokenStream(IdDecoder decoder) {
        this.decoder = decoder;
    }

    /**
     * Returns the text that {@code id} completes, which may be empty.
     *
     * @throws IllegalArgumentException if the id has no text; the stream is then unchanged
     */
    public String append(int id) {
        StringBuilder out = new StringBuilder();
        decoder.append(id, out);
        return out.toString();
    }

    /** Returns the remaining text, U+FFFD if the ids end inside a character, and resets the stream. */
    public String finish() {
        StringBuilder out = new StringBuilder();
        decoder.finish(out);
        return out.toString();
    }
}
