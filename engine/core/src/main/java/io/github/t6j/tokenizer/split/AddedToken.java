package io.github.t6j.tokenizer.split;

/**
 * Text that is always a single token.
 *
 * @param special true if the token is omitted when special tokens are neither read nor written
 * @param singleWord true if the token matches only without a letter or digit on either side
 * @param lstrip true if the token includes the white space before it
 * @param rstrip true if the token includes the white space after it
 * @param normalized true if the token's normalised content is searched in normalised text
 */
public record AddedToken(
        String content,
        int id,
        boolean special,
        boolean singleWord,
        boolean lstrip,
        boolean rstrip,
        boolean normalized) {

    /** Limit of a content in characters; the text is compared with it at each position. */
    public static final int LONGEST = 1024;

    public AddedToken(String content, int id, boolean special) {
        this(content, id, special, false, false, false, false);
    }
}
