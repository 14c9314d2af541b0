package io.github.t6j.speculation;

/**
 * Drafts from the text itself: what followed the last ids where they occurred before, by the longest match. An index
 * holds the latest end of each sequence of {@value #SHORTEST} to {@value #LONGEST} ids; a collision loses the older
 * entry, and every match is checked.
 */
final class NgramDrafts implements NextIds {
    private static final int LONGEST = 4;
    private static final int SHORTEST = 2;

    /** Number of last ids of which one must equal the id beside it: some ids of a copy may be changed. */
    private static final int FORGIVEN = 4;

    private final boolean isOfPrediction; // only matches in the prediction count
    private int[] ends = new int[256]; // index of the id after a sequence, by the sequence's hash; 0 for none
    private int distance; // from the last match to the ids that it matched, or 0
    private int indexed; // the sequences before this index of the text are in the table

    NgramDrafts(boolean isOfPrediction) {
        this.isOfPrediction = isOfPrediction;
    }

    @Override
    public int propose(DraftedText drafted, int[] into, int max) {
        int[] text = drafted.ids();
        int length = drafted.length();
        index(text, isOfPrediction ? drafted.start() : length);
        for (int n = Math.min(LONGEST, length - 1); n >= SHORTEST; n--) {
            int end = ends[slot(text, length, n)];
            if (end >= n && matches(text, end, length, n)) {
                distance = length - end;
                return copy(text, length, into, max);
            }
        }
        return isBeside(text, length) ? copy(text, length, into, max) : 0;
    }

    /** Returns true if one of the last ids equals the one beside it, at the distance of the last match. */
    private boolean isBeside(int[] text, int length) {
        for (int i = length - FORGIVEN; distance > 0 && i < length; i++) {
            if (i >= distance && text[i] == text[i - distance]) {
                return true;
            }
        }
        return false;
    }

    /** Copies the ids {@link #distance} before the drafts; a match that reaches the end of the text repeats. */
    private int copy(int[] text, int length, int[] into, int max) {
        for (int i = 0; i < max; i++) {
            int from = length + i - distance;
            into[1 + i] = from < length ? text[from] : into[1 + from - length];
        }
        return max;
    }

    @Override
    public boolean isFree() {
        return true;
    }

    @Override
    public void close() {}

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
