package io.github.t6j.cli.serve;

import io.github.t6j.Likelihood;
import io.github.t6j.Token;
import io.github.t6j.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A generated token and its alternatives.
 *
 * @param offset characters of the text before the token
 * @param tokenizer tokenizer for the texts of ids
 */
record ChosenToken(Token token, int offset, Tokenizer tokenizer) {
    /** Returns the most likely ids at its position. */
    List<Likelihood> alternatives() {
        return token.topLogprobs();
    }

    /** Returns the text of an id; bytes that are not a complete character become U+FFFD. */
    String text(int id) {
        return new String(bytes(id), StandardCharsets.UTF_8);
    }

    /** Returns the bytes of an id; the text joins the bytes of consecutive tokens. */
    byte[] bytes(int id) {
        return tokenizer.hasText(id) ? tokenizer.bytes(id) : new byte[0];
    }

    /** Returns the number of Unicode characters that begin in the token. */
    int characters() {
        int begun = 0;
        for (byte unit : bytes(token.id())) {
            begun += (unit & 0xC0) == 0x80 ? 0 : 1; // a byte 10xxxxxx continues a character
        }
        return begun;
    }
}
