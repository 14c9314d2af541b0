package io.github.t6j;

/** Reason why a generation ended. */
public enum FinishReason {
    /**
     * The model generated an end id, such as {@code <|endoftext|>}, which is not part of the result, or the text is
     * complete under its grammar.
     */
    END_OF_TEXT,
    /** One of {@link GenerationOptions#stop()} was generated; it is not part of the result. */
    STOP_STRING,
    /** {@link GenerationOptions#maxTokens()} ids were generated. */
    MAX_TOKENS,
    /** The session's context is full. */
    CONTEXT_FULL,
    /** The listener returned false, or the consumer closed the stream. */
    STOPPED_BY_LISTENER,
    /** {@link Session#cancel()} was called, or {@link CallOptions#cancellation()} returned true. */
    CANCELLED,
    /** {@link CallOptions#deadline()} or {@link CallOptions#timeout()} has passed. */
    DEADLINE
}
