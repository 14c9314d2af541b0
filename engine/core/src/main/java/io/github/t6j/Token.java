package io.github.t6j;

import java.util.List;

/**
 * Generated id, or the tail of a text.
 *
 * @param id the id, or −1 for the tail
 * @param text text that this id completes: empty while a character or a possible stop string is incomplete, and then
 *     longer than the id's own text
 * @param logProbability natural logarithm of the id's probability under the model's unmodified logits; NaN for the tail
 * @param topLogprobs the {@link GenerationOptions#topLogprobs} most likely ids at this position, most likely first
 */
public record Token(int id, String text, float logProbability, List<Likelihood> topLogprobs) {

    static Token tail(String text) {
        return new Token(-1, text, Float.NaN, List.of());
    }

    /**
     * Returns true if this is the tail of the text and not an id: text buffered because it might begin a stop string or
     * a character was incomplete. Listeners and streams receive it last, if it exists; {@link Generation#tokens()} does
     * not contain it.
     */
    public boolean isTail() {
        return id < 0;
    }
}
