package io.github.t6j.cli.serve;

import io.github.t6j.Likelihood;
import io.github.t6j.Token;
import io.github.t6j.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A generated token, and what might have come in its place.
 *
 * @param offset characters of the text that begin before the token
 * @param tokenizer for the texts of ids
 */
record Chosen(Token token, int offset, List<Likelihood> likeliest, Tokenizer tokenizer) {
    /** What an id adds to a text; bytes that are no whole character show as U+FFFD. */
    String text(int id) {
        return new String(bytes(id), StandardCharsets.UTF_8);
    }

    /** The same as bytes: those of one token after the other are the text. */
    byte[] bytes(int id) {
        return tokenizer.hasText(id) ? tokenizer.bytes(id) : new byte[0];
    }

    /** Characters, Unicode's, that begin in the token. */
    int characters() {
        int begun = 0;
        for (byte one : bytes(token.id())) {
            begun += (one & 0xC0) == 0x80 ? 0 : 1; // a byte 10…… goes on with a character
        }
        return begun;
    }
}
