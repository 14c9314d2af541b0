package io.github.t6j.cli.schedule;

import io.github.t6j.Generation;
import io.github.t6j.Likelihood;
import io.github.t6j.Token;
import java.util.List;

/** What becomes of a request. */
public sealed interface Event {
    /**
     * An id was chosen.
     *
     * @param likeliest as many as the request asked for, of those it was chosen from
     */
    record Chosen(Token token, List<Likelihood> likeliest) implements Event {}

    /**
     * It is over.
     *
     * @param cachedIds how many ids of the prompt were computed before, for others
     */
    record Ended(Generation generation, int cachedIds) implements Event {}

    /** It was cancelled before anything was chosen. */
    record Cancelled() implements Event {}

    /** It came to nothing. */
    record Failed(RuntimeException cause) implements Event {}
}
