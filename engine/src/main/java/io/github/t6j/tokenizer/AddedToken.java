package io.github.t6j.tokenizer;

/**
 * A text that is one token wherever it stands.
 *
 * @param special left out where special tokens are neither read nor written
 * @param singleWord only where no letter or digit stands on either side
 * @param lstrip it takes the white space before it, too
 * @param rstrip it takes the white space behind it, too
 * @param normalized it is looked for in normalised text, as its own normalised content
 */
record AddedToken(
        String content,
        int id,
        boolean special,
        boolean singleWord,
        boolean lstrip,
        boolean rstrip,
        boolean normalized) {

    /** Characters of a content, at most: a text is compared with it at each place. */
    static final int LONGEST = 1024;

    AddedToken(String content, int id, boolean special) {
        this(content, id, special, false, false, false, false);
    }
}
