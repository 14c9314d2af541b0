package io.github.t6j;

import java.util.List;

/**
 * Generated id, or the tail of a text.
 *
 * @param id the id, or −1 for the tail
 * @param text text completed by this id: empty while a character or a possible stop string is incomplete, and more than
 *     the id's own text if it completes one
 * @param logProbability natural logarithm of the id's probability under the model's unmodified logits; NaN for the tail
 * @param topLogprobs most likely ids at this position, most likely first, as many as
 *     {@link GenerationOptions#topLogprobs} asks for
 */
public record Token(int id, String text, float logProbability, List<Likelihood> topLogprobs) {

    static Token tail(String text) {
        return new Token(-1, text, Float.NaN, List.of());
    }

    /**
     * Returns true if this is not an id but the tail of the text, which was buffered because of a possible stop string
     * or an incomplete character. Listeners and streams receive it last, if there is one; {@link Generation#tokens()}
     * does not contain it.
     */
    public boolean isTail() {
        return id < 0;
    }
}
