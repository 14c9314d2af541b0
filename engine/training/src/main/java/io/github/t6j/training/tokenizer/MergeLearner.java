package io.github.t6j.training.tokenizer;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;

/**
 * Determines the next neighbours to merge: the most frequent pair of ids and, among equally frequent ones, the smaller
 * (by its left id, then by its right), as in Hugging Face's BpeTrainer.
 *
 * <p>Counts are updated incrementally. A merge changes the counts of the pairs next to its occurrences, and each pair
 * has a list of the words that contained it. A pair's count grows only while the newer of its ids is created, so each
 * pair enters the queue once; later decreases are applied when it reaches the head of the queue.
 */
final class MergeLearner {
    private final Map<Pair, Occurrences> pairs = new HashMap<>();
    private final PriorityQueue<Candidate> queue = new PriorityQueue<>();
    private final List<Pair> made = new ArrayList<>(); // pairs created since the last were queued

    /** A pair of neighbours. */
    public record Pair(int left, int right) implements Comparable<Pair> {
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

    /** Adds a word that occurs {@code count} times, as the ids of its bytes; must precede the first {@link #next}. */
    public void add(int[] ids, long count) {
        Word word = new Word(ids, count);
        for (int i = 0; i + 1 < ids.length; i++) {
            change(ids[i], ids[i + 1], count, word);
        }
    }

    /** Returns the pair to merge, which occurs at least {@code min} times, or null. */
    public Pair next(long min) {
        made.forEach(pair -> queue.add(new Candidate(pairs.get(pair).count, pair)));
        made.clear();
        while (!queue.isEmpty()) {
            Candidate first = queue.remove();
            long count = pairs.get(first.pair).count;
            if (count == first.count) {
                return count < min ? null : first.pair;
            }
            queue.add(new Candidate(count, first.pair));
        }
        return null;
    }

    /** Replaces {@code pair} in every word by {@code id}, which is larger than all ids before it. */
    public void merge(Pair pair, int id) {
        for (Word word : pairs.get(pair).words) {
            merge(pair, id, word);
        }
        pairs.remove(pair);
    }

    /** Merges from left to right, so the first two of three equal ids merge. */
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
