package io.github.t6j;

/**
 * Drafts of one generation: ids that will probably follow. A wrong draft costs time, but never changes a result. For
 * one thread at a time.
 */
public interface DraftSource extends AutoCloseable {
    /** Maximum number of drafts in a pass: more rows would have other bits in some attentions (ADR 9, 31). */
    int MAX_DRAFTS = 15;

    /** Adds the next id of the generation. */
    void add(int id);

    /**
     * Proposes the ids after those added, which the next pass computes.
     *
     * @param into receives the drafts, from index 1 on
     * @param max maximum number of drafts
     * @param sharing number of generations that share the pass, this one included
     * @return number of drafts, from 0 to {@code max}; another number, or an id outside the vocabulary, ends the
     *     generation with an IllegalStateException
     */
    int propose(int[] into, int max, int sharing);

    /** Receives the time of a pass of this generation alone with {@code rows} rows: an id and drafts. */
    default void record(int rows, long nanos) {}

    /** Frees what the drafts use at the end of the generation. */
    @Override
    default void close() {}
}
