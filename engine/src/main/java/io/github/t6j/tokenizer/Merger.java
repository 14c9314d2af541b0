package io.github.t6j.tokenizer;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Merges the symbols of one piece after another. Short pieces, which is nearly all, look for the best pair by going
 * through them all; long ones keep pairs in a heap, so that a million equal symbols take n·log n steps. Holds scratch
 * memory: for one thread, and one text.
 */
final class Merger {
    /** Up to here going through all is the faster way. */
    static final int SHORT = 128;

    private final Symbols symbols;
    private final MergeTable merges;
    private final int[] ids = new int[SHORT];
    private final long[] pairs = new long[SHORT];

    Merger(Symbols symbols, MergeTable merges) {
        this.symbols = symbols;
        this.merges = merges;
    }

    /** Adds the ids of the piece of {@code text} from {@code from} to {@code to} to {@code out}. */
    void encode(byte[] text, int from, int to, IntList out) {
        if (to - from <= SHORT) {
            encodeShort(text, from, to, out);
        } else {
            encodeLong(text, from, to, out);
        }
    }

    /** {@code pairs[i]} is what {@code ids[i]} and its right neighbour merge to. */
    private void encodeShort(byte[] text, int from, int to, IntList out) {
        int size = symbols.read(text, from, to, ids);
        for (int i = 0; i + 1 < size; i++) {
            pairs[i] = merges.get(ids[i], ids[i + 1]);
        }
        for (int best = best(size); best >= 0; best = best(size)) {
            ids[best] = (int) pairs[best];
            size--;
            System.arraycopy(ids, best + 2, ids, best + 1, size - best - 1);
            System.arraycopy(pairs, best + 2, pairs, best + 1, Math.max(size - best - 2, 0));
            if (best > 0) {
                pairs[best - 1] = merges.get(ids[best - 1], ids[best]);
            }
            if (best + 1 < size) {
                pairs[best] = merges.get(ids[best], ids[best + 1]);
            }
        }
        for (int i = 0; i < size; i++) {
            out.add(ids[i]);
        }
    }

    /** The leftmost pair of the lowest rank. */
    private int best(int size) {
        long lowest = MergeTable.NONE >>> 32;
        int best = -1;
        for (int i = 0; i + 1 < size; i++) {
            if (pairs[i] >>> 32 < lowest) {
                lowest = pairs[i] >>> 32;
                best = i;
            }
        }
        return best;
    }

    private void encodeLong(byte[] text, int from, int to, IntList out) {
        Chain chain = new Chain(text, from, to);
        chain.mergeAll();
        for (int i = 0; i < chain.size; i = chain.next[i]) {
            out.add(chain.ids[i]);
        }
    }

    /** A piece as a list of tokens, each named by the index of its first symbol and linked to its neighbours. */
    private final class Chain {
        final int size;
        final int[] ids;
        final int[] next;
        private final int[] previous;
        private final long[] pairs;
        private final LongHeap heap;

        Chain(byte[] text, int from, int to) {
            ids = new int[to - from];
            size = symbols.read(text, from, to, ids);
            next = IntStream.rangeClosed(1, size).toArray();
            previous = IntStream.range(-1, size - 1).toArray();
            pairs = new long[size];
            Arrays.fill(pairs, MergeTable.NONE);
            heap = new LongHeap(size);
            for (int i = 0; i < size; i++) {
                rank(i);
            }
        }

        void mergeAll() {
            while (!heap.isEmpty()) {
                long candidate = heap.removeLowest();
                int at = (int) candidate;
                // a pair that has changed since has left a candidate behind that is void
                if (pairs[at] != MergeTable.NONE && candidate >>> 32 == pairs[at] >>> 32) {
                    merge(at);
                }
            }
        }

        private void merge(int at) {
            int gone = next[at];
            ids[at] = (int) pairs[at];
            pairs[gone] = MergeTable.NONE;
            next[at] = next[gone];
            if (next[at] < size) {
                previous[next[at]] = at;
            }
            rank(at);
            if (previous[at] >= 0) {
                rank(previous[at]);
            }
        }

        /** Looks up the pair at {@code at}; it becomes a candidate, ordered by rank and then by place. */
        private void rank(int at) {
            pairs[at] = next[at] < size ? merges.get(ids[at], ids[next[at]]) : MergeTable.NONE;
            if (pairs[at] != MergeTable.NONE) {
                heap.add(pairs[at] & 0xFFFF_FFFF_0000_0000L | at);
            }
        }
    }
}
