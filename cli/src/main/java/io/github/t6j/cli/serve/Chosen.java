package io.github.t6j.cli.serve;

import io.github.t6j.Likelihood;
import io.github.t6j.Token;
import io.github.t6j.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A generated token, and what might have come in its place.
 *
 * @param tokenizer for the texts of ids
 */
record Chosen(Token token, List<Likelihood> likeliest, Tokenizer tokenizer) {
    /** What an id adds to a text; bytes that are no whole character show as U+FFFD. */
    String text(int id) {
        return new String(bytes(id), StandardCharsets.UTF_8);
    }

    /** The same as bytes: those of one token after the other are the text. */
    byte[] bytes(int id) {
        return tokenizer.hasText(id) ? tokenizer.bytes(id) : new byte[0];
    }
}
