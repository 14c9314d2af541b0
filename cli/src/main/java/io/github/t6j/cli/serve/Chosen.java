package io.github.t6j.cli.serve;

import io.github.t6j.Likelihood;
import io.github.t6j.Token;
import io.github.t6j.tokenizer.Tokenizer;
import java.util.List;

/**
 * A generated token, and what might have come in its place.
 *
 * @param tokenizer for the texts of ids
 */
record Chosen(Token token, List<Likelihood> likeliest, Tokenizer tokenizer) {
    /** The text of an id by itself: bytes that are no whole character show as U+FFFD. */
    String text(int id) {
        return tokenizer.hasText(id) ? tokenizer.decode(id) : "";
    }
}
