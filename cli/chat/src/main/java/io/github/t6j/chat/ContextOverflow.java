package io.github.t6j.chat;

/** Policy for a conversation that is longer than the context. */
public enum ContextOverflow {
    /** A message that does not fit with all earlier ones throws a {@link ContextFullException}. */
    FAIL,
    /**
     * Before an answer, the oldest turns are left out of the context, each a message with its answer; the system message
     * stays. An answer that fills the context ends.
     */
    DROP_OLDEST_TURNS,
    /**
     * As {@link #DROP_OLDEST_TURNS}, but an answer that fills the context goes on: the older half of the ids after the
     * system message is removed, the model reads the rest again, and continues.
     */
    SHIFT
}
