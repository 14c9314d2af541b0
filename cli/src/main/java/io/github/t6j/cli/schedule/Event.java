package io.github.t6j.cli.schedule;

import io.github.t6j.Generation;
import io.github.t6j.Likelihood;
import io.github.t6j.Token;
import java.util.List;

/** What becomes of one of a ticket's generations or scorings. */
public sealed interface Event {
    /** Which one, counted from 0 in the order in which they were submitted. */
    int index();

    /**
     * An id was chosen.
     *
     * @param likeliest as many as the request asked for, of those it was chosen from
     */
    record Chosen(int index, Token token, List<Likelihood> likeliest) implements Event {}

    /**
     * It is over.
     *
     * @param cachedIds how many ids of the prompt were computed before, for others
     */
    record Ended(int index, Generation generation, int cachedIds) implements Event {}

    /**
     * A scoring is over.
     *
     * @param logProbabilities of the ids of each continuation, in nats; without a prompt, of all but its first
     */
    record Scored(int index, List<float[]> logProbabilities) implements Event {}

    /** It was cancelled before anything came of it. */
    record Cancelled(int index) implements Event {}

    /** It came to nothing. */
    record Failed(int index, RuntimeException cause) implements Event {}
}
