package io.github.t6j.cache;

/** What a sequence keeps of the tokens it has seen, for all layers: {@link PagedCache} or {@link StateCache}. */
public interface SequenceCache extends AutoCloseable {
    /** Makes room for the tokens before {@code length}, at the beginning of a pass. */
    void reserve(int length);

    /** Ends a pass: what it kept stays. Without this call the pass never was. */
    void commit();

    /**
     * Forgets the tokens from {@code length} on.
     *
     * @param from the tokens that are kept so far
     * @throws IllegalStateException if what is kept does not allow it
     */
    void truncate(int from, int length);

    /** Bytes of the numbers that {@code length} tokens take. */
    long bytes(int length);

    /** Frees the memory. */
    @Override
    void close();
}
