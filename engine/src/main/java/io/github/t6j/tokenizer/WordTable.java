package io.github.t6j.tokenizer;

import java.util.Arrays;
import java.util.SplittableRandom;

/** Pieces of text that are one token as a whole, with its id: most words of ordinary text need no merging. */
final class WordTable {
    /** A table's order is its own, so that no file can make its words collide. */
    private static final SplittableRandom SECRETS = new SplittableRandom();

    private final int[] ids;
    private final byte[][] words;
    private final long secret = SECRETS.nextLong() | 1;

    WordTable(int size) {
        int capacity = Integer.highestOneBit(Math.max(size, 8)) << 2;
        ids = new int[capacity];
        words = new byte[capacity][];
    }

    void put(byte[] word, int id) {
        int slot = slot(word, 0, word.length);
        words[slot] = word;
        ids[slot] = id;
    }

    /** The id of the bytes of {@code text} from {@code from} to {@code to}, or -1. */
    int get(byte[] text, int from, int to) {
        int slot = slot(text, from, to);
        return words[slot] == null ? -1 : ids[slot];
    }

    private int slot(byte[] text, int from, int to) {
        long hash = secret;
        for (int i = from; i < to; i++) {
            hash = (hash ^ text[i]) * secret;
            hash ^= hash >>> 29;
        }
        int slot = (int) (hash * 0x9E3779B97F4A7C15L >>> Long.numberOfLeadingZeros(words.length) + 1);
        while (words[slot] != null && !Arrays.equals(words[slot], 0, words[slot].length, text, from, to)) {
            slot = slot + 1 & words.length - 1;
        }
        return slot;
    }
}
