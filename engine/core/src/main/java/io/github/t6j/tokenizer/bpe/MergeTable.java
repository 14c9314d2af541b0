package io.github.t6j.tokenizer.bpe;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Pairs of ids that merge, each with its rank and its result. A hash table with open addressing, because encoding
 * spends most of its time on lookups.
 */
final class MergeTable {
    /** Result of {@link #get} for a pair that does not merge; greater than every rank. */
    static final long NONE = Long.MAX_VALUE;

    private static final long EMPTY = -1;

    /** 2^64 divided by the golden ratio. */
    private static final long GOLDEN_RATIO = 0x9E3779B97F4A7C15L;

    /** Source of a random hash for each table, so that no file can cause collisions on purpose. */
    private static final SplittableRandom SECRETS = new SplittableRandom();

    private final long[] keys;
    private final long[] values;
    private final int shift;
    private final long secret = SECRETS.nextLong() | 1;

    MergeTable(int merges) {
        int capacity = Integer.highestOneBit(Math.max(merges, 8)) << 2;
        keys = new long[capacity];
        Arrays.fill(keys, EMPTY);
        values = new long[capacity];
        shift = Long.numberOfLeadingZeros(capacity) + 1;
    }

    /** Adds a merge; returns false for a duplicate pair. */
    boolean put(int left, int right, int rank, int result) {
        int slot = slot(key(left, right));
        if (keys[slot] != EMPTY) {
            return false;
        }
        keys[slot] = key(left, right);
        values[slot] = (long) rank << 32 | result;
        return true;
    }

    /** Returns the pair's rank in the upper 32 bits and its result in the lower 32 bits; or {@link #NONE}. */
    long get(int left, int right) {
        int slot = slot(key(left, right));
        return keys[slot] == EMPTY ? NONE : values[slot];
    }

    /** Returns a hash of the merges; tables with the same merges have the same hash. */
    long fingerprint() {
        long sum = 0;
        for (int slot = 0; slot < keys.length; slot++) {
            if (keys[slot] != EMPTY) {
                long mixed = (keys[slot] * GOLDEN_RATIO ^ values[slot]) * GOLDEN_RATIO;
                sum += (mixed ^ mixed >>> 32) * GOLDEN_RATIO;
            }
        }
        return sum;
    }

    private static long key(int left, int right) {
        return (long) left << 32 | right;
    }

    private int slot(long key) {
        long hash = (key ^ secret) * GOLDEN_RATIO;
        int slot = (int) ((hash ^ hash >>> 32) * secret >>> shift);
        while (keys[slot] != key && keys[slot] != EMPTY) {
            slot = slot + 1 & keys.length - 1;
        }
        return slot;
    }
}
