package io.github.t6j.tokenizer.bpe;

import java.util.Arrays;
import java.util.SplittableRandom;

/** Pieces of text that are a single token, with their ids; most words of ordinary text need no merging. */
final class WordTable {
    /** Source of a random hash for each table, so that no file can cause collisions on purpose. */
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

    /** Returns the id of bytes {@code from} to {@code to} of {@code text}, or -1. */
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
