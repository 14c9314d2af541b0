package io.github.t6j;

/**
 * One generated id, or the tail of a text.
 *
 * @param id the id; −1 for the tail
 * @param text the text that it made complete: empty while a character or a possible stop string is still open, and
 *     more than its own where it closed one
 * @param logProbability natural logarithm of the id's probability under the model's unmodified logits; NaN for the tail
 */
public record Token(int id, String text, float logProbability) {

    static Token tail(String text) {
        return new Token(-1, text, Float.NaN);
    }

    /**
     * Whether this is no id but the end of the text, which a possible stop string or an unfinished character held back.
     * A listener or a stream gets it last, if there is one; {@link Generation#tokens()} are without it.
     */
    public boolean isTail() {
        return id < 0;
    }
}
