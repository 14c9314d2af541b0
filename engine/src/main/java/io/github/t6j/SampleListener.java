package io.github.t6j;

/** Hears of every id of several samples, as a {@link TokenListener} of one; the same holds of what it may call and throw. */
@FunctionalInterface
public interface SampleListener {
    /**
     * Called after {@code token} was chosen. The samples take turns, in their order; a tail ({@link Token#isTail}) comes
     * when its sample ends.
     *
     * @param sample which one, from 0
     * @return false to end this sample with this token; the others go on
     */
    boolean onToken(int sample, Token token);
}
