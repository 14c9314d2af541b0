package io.github.t6j.schedule;

import io.github.t6j.Generation;
import io.github.t6j.Likelihood;
import io.github.t6j.Token;
import java.util.List;

/** An event of one of a ticket's generations or scorings. */
public sealed interface Event {
    /** Returns the index of the generation or scoring in the ticket, in the order of submission. */
    int index();

    /** An id was chosen; with it come the most likely ids at its position, as many as the request asked for. */
    record Chosen(int index, Token token, List<Likelihood> alternatives) implements Event {}

    /**
     * A generation ended.
     *
     * @param cachedIds prompt ids that were in a cache
     */
    record Ended(int index, Generation generation, int cachedIds) implements Event {}

    /**
     * A scoring ended.
     *
     * @param logProbabilities log-probabilities of the ids of each continuation, in nats; without a prompt, of all but
     *     its first
     */
    record Scored(int index, List<float[]> logProbabilities) implements Event {}

    /** It was cancelled before it had a result. */
    record Cancelled(int index) implements Event {}

    /** It failed. */
    record Failed(int index, RuntimeException cause) implements Event {}
}
