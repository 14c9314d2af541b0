package io.github.t6j;

/** Hears of every generated id, on the thread that generates. */
@FunctionalInterface
public interface TokenListener {
    /** Called after {@code token} was chosen; false ends the generation with it. */
    boolean onToken(Token token);
}
