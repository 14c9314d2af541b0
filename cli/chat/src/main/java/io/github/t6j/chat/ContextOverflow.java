package io.github.t6j.chat;

/** Policy for a conversation that is longer than the context. */
public enum ContextOverflow {
    /** A message that does not fit with all earlier ones throws a {@link ContextFullException}. */
    FAIL,
    /**
     * Drops the oldest turns, each a message with its answer, from the context before an answer; the system message
     * stays. An answer that fills the context ends.
     */
    DROP_OLDEST_TURNS,
    /**
     * Drops turns like {@link #DROP_OLDEST_TURNS}, but an answer that fills the context continues: the older half of
     * the ids after the system message is removed, and the model reads the rest again.
     */
    SHIFT
}
