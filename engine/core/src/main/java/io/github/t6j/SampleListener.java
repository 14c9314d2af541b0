package io.github.t6j;

/** Listener to every token of several samples, with the rules of {@link TokenListener} for calls and exceptions. */
@FunctionalInterface
public interface SampleListener {
    /**
     * Called after {@code token} was chosen. In each step the samples are reported in order; the tail
     * ({@link Token#isTail}) of a sample is reported when the sample ends.
     *
     * @param sample index of the sample, from 0
     * @return false to end this sample with this token; the others continue
     */
    boolean onToken(int sample, Token token);
}
