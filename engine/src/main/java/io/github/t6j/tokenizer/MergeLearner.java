package io.github.t6j.tokenizer;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;

/**
 * Which neighbours to merge next: the most frequent pair of ids and, of equally frequent ones, the smaller (first by its
 * left id, then by its right), as in Hugging Face's BpeTrainer.
 *
 * <p>Nothing is counted again. A merge changes the counts of the pairs beside the places where it happens, and each pair
 * knows the words that it was in. A pair gains only while the younger of its ids is made, so that it waits in the queue
 * once; what it has lost since shows when its turn comes.
 */
final class MergeLearner {
    private final Map<Pair, Occurrences> pairs = new HashMap<>();
    private final PriorityQueue<Candidate> queue = new PriorityQueue<>();
    private final List<Pair> made = new ArrayList<>(); // since the last of them were queued

    /** Neighbours. */
    record Pair(int left, int right) implements Comparable<Pair> {
        @Override
        public int compareTo(Pair other) {
            return left != other.left ? Integer.compare(left, other.left) : Integer.compare(right, other.right);
        }
    }

    private record Candidate(long count, Pair pair) implements Comparable<Candidate> {
        @Override
        public int compareTo(Candidate other) {
            return count != other.count ? Long.compare(other.count, count) : pair.compareTo(other.pair);
        }
    }

    private static final class Occurrences {
        long count;
        final List<Word> words = new ArrayList<>();
    }

    private static final class Word {
        final int[] ids;
        final long count;
        int size;

        Word(int[] ids, long count) {
            this.ids = ids;
            this.count = count;
            size = ids.length;
        }
    }

    /** Adds a word that the text has {@code count} times, as the ids of its bytes; before the first {@link #next}. */
    void add(int[] ids, long count) {
        Word word = new Word(ids, count);
        for (int i = 0; i + 1 < ids.length; i++) {
            change(ids[i], ids[i + 1], count, word);
        }
    }

    /** The pair to merge, which is there {@code least} times or more; null if there is none. */
    Pair next(long least) {
        made.forEach(pair -> queue.add(new Candidate(pairs.get(pair).count, pair)));
        made.clear();
        while (!queue.isEmpty()) {
            Candidate first = queue.remove();
            long count = pairs.get(first.pair).count;
            if (count == first.count) {
                return count < least ? null : first.pair;
            }
            queue.add(new Candidate(count, first.pair));
        }
        return null;
    }

    /** Makes {@code pair} one in every word: {@code id}, which is larger than all before it. */
    void merge(Pair pair, int id) {
        for (Word word : pairs.get(pair).words) {
            merge(pair, id, word);
        }
        pairs.remove(pair);
    }

    /** From left to right, so that of three equal ids the first two are one. */
    private void merge(Pair pair, int id, Word word) {
        int[] ids = word.ids;
        int size = 0;
        for (int i = 0; i < word.size; i++) {
            if (ids[i] != pair.left || i + 1 == word.size || ids[i + 1] != pair.right) {
                ids[size++] = ids[i];
                continue;
            }
            if (size > 0) {
                change(ids[size - 1], pair.left, -word.count, word);
                change(ids[size - 1], id, word.count, word);
            }
            if (i + 2 < word.size) {
                change(pair.right, ids[i + 2], -word.count, word);
                change(id, ids[i + 2], word.count, word);
            }
            ids[size++] = id;
            i++;
        }
        word.size = size;
    }

    private void change(int left, int right, long by, Word word) {
        Pair pair = new Pair(left, right);
        Occurrences occurrences = pairs.get(pair);
        if (occurrences == null) {
            occurrences = new Occurrences();
            pairs.put(pair, occurrences);
            made.add(pair);
        }
        occurrences.count += by;
        if (by > 0 && (occurrences.words.isEmpty() || occurrences.words.getLast() != word)) {
            occurrences.words.add(word);
        }
    }
}
