package io.github.t6j.tokenizer;

/**
 * Text of ids that come one by one, as in generation: a character whose bytes are spread over ids appears once it is
 * whole. The outputs, joined, are {@link Tokenizer#decode} of all ids. For one thread at a time.
 *
 * <p>Where a vocabulary has characters, and bytes for the others, a run of byte tokens appears when it has ended: the
 * library that these models were made with replaces a whole run if a part of it is not UTF-8.
 */
public final class TokenStream {
    private final IdDecoder decoder;

    TokenStream(IdDecoder decoder) {
        this.decoder = decoder;
    }

    /**
     * The text that {@code id} completes; may be empty.
     *
     * @throws IllegalArgumentException if the id has no text; the stream is then as before
     */
    public String append(int id) {
        StringBuilder out = new StringBuilder();
        append(id, out);
        return out.toString();
    }

    void append(int id, StringBuilder out) {
        decoder.append(id, out);
    }

    /** The text that is left: U+FFFD if the ids ended within a character, or nothing. The stream is then as new. */
    public String finish() {
        StringBuilder out = new StringBuilder();
        finish(out);
        return out.toString();
    }

    void finish(StringBuilder out) {
        decoder.finish(out);
    }
}
