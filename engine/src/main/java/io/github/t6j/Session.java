package io.github.t6j;

/**
 * A sequence of ids that a model has seen, and its cache; used by one thread at a time, save {@link #cancel()}.
 *
 * <p>Feed ids with {@link #prefill} or {@link #decode}, read {@link #logits()}, or let {@link #generate} do all of it.
 */
public final class Session implements AutoCloseable {
    Session() {}

    /** Receives the logits of each position of a prefill, in order. */
    @FunctionalInterface
    public interface LogitsListener {
        /**
         * @param position the position in the session
         * @param logits [vocabulary], a buffer that is reused after the call
         */
        void onLogits(int position, float[] logits);
    }

    /** Ids in the cache. */
    public int position() {
        throw new UnsupportedOperationException();
    }

    /** Ids that the cache has room for. */
    public int contextLength() {
        throw new UnsupportedOperationException();
    }

    /** Bytes that the cached ids take. */
    public long cacheBytes() {
        throw new UnsupportedOperationException();
    }

    /**
     * Feeds {@code ids}; {@link #logits()} are then those after the last of them.
     *
     * @throws IllegalArgumentException if there is none, or one is not below the vocabulary's size
     * @throws IllegalStateException if the context has no room for them; nothing is fed then
     * @throws java.util.concurrent.CancellationException after {@link #cancel()}; what was fed until then stays
     */
    public void prefill(int... ids) {
        throw new UnsupportedOperationException();
    }

    /** {@link #prefill(int...)} that also computes the logits after every id and hands them to {@code listener}. */
    public void prefill(int[] ids, LogitsListener listener) {
        throw new UnsupportedOperationException();
    }

    /** Feeds one id; {@link #logits()} are then those after it. Allocates nothing. */
    public void decode(int id) {
        throw new UnsupportedOperationException();
    }

    /**
     * The logits after the last id, [vocabulary]: the session's own buffer, valid until it is fed again.
     *
     * @throws IllegalStateException if nothing was fed since the session was opened or truncated
     */
    public float[] logits() {
        throw new UnsupportedOperationException();
    }

    /** Forgets all ids from {@code position} on. @throws IllegalArgumentException if it is not in 0…position() */
    public void truncate(int position) {
        throw new UnsupportedOperationException();
    }

    /** {@link #generate(String, GenerationOptions, TokenListener)} without a listener. */
    public Generation generate(String prompt, GenerationOptions options) {
        return generate(prompt, options, token -> true);
    }

    /**
     * Feeds {@code prompt} (plain text: no special ids are read from it, none prepended) and continues it. An empty
     * prompt starts a document: it feeds {@code <|endoftext|>} if the session is empty.
     *
     * @throws IllegalStateException if the prompt does not fit in the context
     */
    public Generation generate(String prompt, GenerationOptions options, TokenListener listener) {
        throw new UnsupportedOperationException();
    }

    /** {@link #generate(String, GenerationOptions, TokenListener)} from ids, at least one. */
    public Generation generate(int[] promptIds, GenerationOptions options, TokenListener listener) {
        throw new UnsupportedOperationException();
    }

    /** Stops a running prefill or generation soon, from any thread; without one, the next. */
    public void cancel() {
        throw new UnsupportedOperationException();
    }

    /** Frees the cache. */
    @Override
    public void close() {}
}
