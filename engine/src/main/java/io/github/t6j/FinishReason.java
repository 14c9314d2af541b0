package io.github.t6j;

/** Why a generation ended. */
public enum FinishReason {
    /** The model said that the text ends ({@code <|endoftext|>}); the id is not part of the result. */
    END_OF_TEXT,
    /** One of {@link GenerationOptions#stop()} was generated; it is not part of the result. */
    STOP_STRING,
    /** {@link GenerationOptions#maxTokens()} ids were generated. */
    MAX_TOKENS,
    /** The session holds as many ids as its context has room for. */
    CONTEXT_FULL,
    /** The listener returned false. */
    STOPPED_BY_LISTENER,
    /** {@link Session#cancel()} was called. */
    CANCELLED
}
