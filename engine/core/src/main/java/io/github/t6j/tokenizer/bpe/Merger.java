package io.github.t6j.tokenizer.bpe;

import io.github.t6j.tokenizer.split.IntList;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Merges the symbols of one piece after another. For short pieces, which nearly all are, it finds the best pair by a
 * scan. For long pieces it keeps pairs in a heap, so a million equal symbols take n·log n steps. Holds scratch memory,
 * so each instance serves one thread and one text.
 */
final class Merger {
    /** Length up to which a scan is faster than the heap. */
    static final int SHORT = 128;

    private final Symbols symbols;
    private final MergeTable merges;
    private final int[] ids = new int[SHORT];
    private final long[] pairs = new long[SHORT];

    Merger(Symbols symbols, MergeTable merges) {
        this.symbols = symbols;
        this.merges = merges;
    }

    /** Adds the ids of bytes {@code from} to {@code to} of {@code text}, a piece, to {@code out}. */
    void encode(byte[] text, int from, int to, IntList out) {
        if (to - from <= SHORT) {
            encodeShort(text, from, to, out);
        } else {
            encodeLong(text, from, to, out);
        }
    }

    /** Encodes by scans; {@code pairs[i]} is the merge of {@code ids[i]} with its right neighbour. */
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

    /** Returns the leftmost pair with the lowest rank. */
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

    /** Piece as a linked list of tokens, each identified by the index of its first symbol. */
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
                // stale: the pair changed after it became a candidate
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

        /** Looks up the pair at {@code at} and adds it as a candidate, ordered by rank and then by position. */
        private void rank(int at) {
            pairs[at] = next[at] < size ? merges.get(ids[at], ids[next[at]]) : MergeTable.NONE;
            if (pairs[at] != MergeTable.NONE) {
                heap.add(pairs[at] & 0xFFFF_FFFF_0000_0000L | at);
            }
        }
    }
}
