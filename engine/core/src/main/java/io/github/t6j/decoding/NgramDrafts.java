package io.github.t6j.decoding;

/**
 * Drafts from the text itself: what followed the last ids where they occurred before, by the longest match. An index
 * holds the latest end of each sequence of {@value #SHORTEST} to {@value #LONGEST} ids; a collision loses the older
 * entry, and every match is checked.
 */
public final class NgramDrafts implements DraftSource {
    private static final int LONGEST = 4;
    private static final int SHORTEST = 2;

    private int[] ends = new int[256]; // index of the id after a sequence, by the sequence's hash; 0 for none
    private int indexed; // the sequences before this index of the text are in the table

    @Override
    public int propose(int[] text, int start, int length, int[] into, int max) {
        index(text, length);
        for (int n = Math.min(LONGEST, length - 1); n >= SHORTEST; n--) {
            int end = ends[slot(text, length, n)];
            if (end >= n && matches(text, end, length, n)) {
                for (int i = 0; i < max; i++) { // a match that reaches the end of the text repeats
                    into[1 + i] = end + i < length ? text[end + i] : into[1 + end + i - length];
                }
                return max;
            }
        }
        return 0;
    }

    /** Adds the sequences that an id of the text follows. */
    private void index(int[] text, int length) {
        if (ends.length < 4 * length) {
            ends = new int[Integer.highestOneBit(length) * 16];
            indexed = 0;
        }
        for (; indexed < length; indexed++) {
            for (int n = SHORTEST; n <= Math.min(LONGEST, indexed); n++) {
                ends[slot(text, indexed, n)] = indexed;
            }
        }
    }

    /** Returns the place of the {@code n} ids before {@code end}. */
    private int slot(int[] text, int end, int n) {
        int hash = n;
        for (int i = end - n; i < end; i++) {
            hash = (hash + text[i]) * 0x9E3779B1;
        }
        return (hash ^ hash >>> 15) & ends.length - 1;
    }

    private static boolean matches(int[] text, int end, int length, int n) {
        for (int i = 1; i <= n; i++) {
            if (text[end - i] != text[length - i]) {
                return false;
            }
        }
        return true;
    }
}
