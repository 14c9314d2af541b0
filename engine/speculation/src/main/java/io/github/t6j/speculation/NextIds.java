package io.github.t6j.speculation;

/** Source of ids that probably follow the text of a generation. */
interface NextIds {
    /**
     * Proposes the ids that follow a text, which grows from call to call.
     *
     * @param into receives the ids from index 1 on
     * @return number of ids
     */
    int propose(DraftedText text, int[] into, int max);

    /** Returns true if this takes almost no time, so that ids may be proposed only to compare them. */
    boolean isFree();

    /** Ends the generation. */
    void close();
}
