package io.github.t6j.tokenizer;

/**
 * A token that is found in the text before any piece is cut.
 *
 * @param content its text
 * @param special whether it is a mark such as {@code <|endoftext|>}, which plain text can only spell, not contain
 */
record AddedToken(String content, int id, boolean special) {}
