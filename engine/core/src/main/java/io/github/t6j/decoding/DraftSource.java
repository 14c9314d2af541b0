package io.github.t6j.decoding;

/** Source of drafts: ids that probably follow a text. A wrong draft costs time, but never changes a result. */
public interface DraftSource {
    /**
     * Proposes the ids that follow the first {@code length} ids of {@code text}, which grows from call to call.
     *
     * @param start index of the session's first id; a predicted text may precede it
     * @param into receives the drafts from index 1 on
     * @param max maximum number of drafts
     * @return number of drafts
     */
    int propose(int[] text, int start, int length, int[] into, int max);

    /** Returns true if drafts take almost no time, so that they may be made only to compare them with chosen ids. */
    boolean isFree();
}
