package io.github.t6j;

/**
 * One generated id.
 *
 * @param id the id
 * @param text the text that it made complete: empty while a character or a possible stop string is still open, and
 *     more than its own where it closed one
 * @param logProbability natural logarithm of the id's probability under the model's unmodified logits
 */
public record Token(int id, String text, float logProbability) {}
