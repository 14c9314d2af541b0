package io.github.t6j;

/**
 * Counts of the drafts that a {@link Drafter} proposed.
 *
 * @param accepted number of drafts that were chosen, each a token without a pass of its own
 * @param rejected number of other drafts
 */
public record Drafts(int accepted, int rejected) {
    /** Counts without speculation. */
    public static final Drafts NONE = new Drafts(0, 0);
}
