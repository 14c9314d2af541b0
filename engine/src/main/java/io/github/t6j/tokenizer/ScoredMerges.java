package io.github.t6j.tokenizer;

import io.github.t6j.ModelFormatException;
import io.github.t6j.tokenizer.TokenizerDefinition.ScoredTokens;
import java.util.Arrays;

/**
 * The merges of a vocabulary whose tokens have scores: a token's are all ways to cut it into two tokens, and their rank
 * is its score's among all scores, the highest first. Merges of equal rank are done from left to right. A character that is no token of its own merges
 * with nothing: vocabularies that SentencePiece has trained have all of their characters.
 */
final class ScoredMerges {
    /** Characters, twice as many as the longest tokens that are known: cutting takes the square of their number. */
    static final int LONGEST = 256;

    private final TokenizerDefinition definition;
    private final ScoredTokens scores;
    private final float[] ranks; // sorted; the scores' negatives
    private final IntList merges = new IntList(); // left, right, rank, result

    private ScoredMerges(TokenizerDefinition definition, ScoredTokens scores) {
        this.definition = definition;
        this.scores = scores;
        ranks = new float[scores.byId().length];
        for (int id = 0; id < ranks.length; id++) {
            ranks[id] = rank(id);
        }
        Arrays.sort(ranks);
    }

    /** @throws ModelFormatException if a token has no score, or is too long */
    static MergeTable table(TokenizerDefinition definition, ScoredTokens scores) {
        ScoredMerges all = new ScoredMerges(definition, scores);
        definition.vocabulary().forEach(all::cut);
        int[] merges = all.merges.toArray();
        MergeTable table = new MergeTable(merges.length / 4);
        for (int i = 0; i < merges.length; i += 4) {
            table.put(merges[i], merges[i + 1], merges[i + 2], merges[i + 3]);
        }
        return table;
    }

    private void cut(String token, int id) {
        if (id >= ranks.length) {
            throw new ModelFormatException(scores.source() + ": expected a score for each token, found "
                    + ranks.length + ", and none for \"" + token + "\", id " + id);
        }
        if (!merges(id)) {
            return;
        }
        if (token.length() > LONGEST) {
            throw new ModelFormatException(definition.vocabularySource() + ": expected tokens of at most " + LONGEST
                    + " characters, found " + token.length() + " with id " + id);
        }
        int rank = Arrays.binarySearch(ranks, rank(id));
        for (int middle = 1; middle < token.length(); middle++) {
            Integer left = part(token.substring(0, middle));
            Integer right = left == null ? null : part(token.substring(middle));
            if (right != null) {
                merges.add(left);
                merges.add(right);
                merges.add(rank);
                merges.add(id);
            }
        }
    }

    private Integer part(String token) {
        Integer id = definition.vocabulary().get(token);
        return id != null && merges(id) ? id : null;
    }

    private boolean merges(int id) {
        return id < ranks.length && !Float.isNaN(scores.byId()[id]);
    }

    /** 0 − score makes one zero of both. */
    private float rank(int id) {
        return 0f - scores.byId()[id];
    }
}
