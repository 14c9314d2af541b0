package io.github.t6j.tokenizer.bpe;

import io.github.t6j.ModelFormatException;
import io.github.t6j.tokenizer.bpe.TokenizerDefinition.Merge;
import io.github.t6j.tokenizer.bpe.TokenizerDefinition.ScoredTokens;
import io.github.t6j.tokenizer.split.IntList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Merges of a vocabulary whose tokens have scores. A token's merges are all ways to split it into two tokens; they have
 * the rank of its score, highest first. Merges of equal rank are applied from left to right. A character that is not a
 * token never merges; vocabularies that SentencePiece trained contain all of their characters.
 */
public final class ScoredMerges {
    /**
     * Limit of a token in characters, twice the longest known; splitting takes time quadratic in the length.
     */
    public static final int LONGEST = 256;

    private final TokenizerDefinition definition;
    private final ScoredTokens scores;
    private final float[] ranks; // sorted; negated scores
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

    /**
     * Returns the same merges as a list with a distinct rank for each. Here, all splits of a token have the same rank.
     * In the list, splits whose right part also begins the token come first, and splits whose left part also ends it
     * come last, so that of two overlapping ones the left one still merges first.
     */
    public static List<Merge> list(TokenizerDefinition definition, ScoredTokens scores) {
        ScoredMerges all = new ScoredMerges(definition, scores);
        definition.vocabulary().forEach(all::cut);
        Map<Integer, String> tokens = HashMap.newHashMap(definition.vocabulary().size());
        definition.vocabulary().forEach((token, id) -> tokens.put(id, token));
        List<RankedCut> cuts = new ArrayList<>();
        int[] merges = all.merges.toArray();
        for (int i = 0; i < merges.length; i += 4) {
            cuts.add(new RankedCut(
                    new Merge(tokens.get(merges[i]), tokens.get(merges[i + 1])), merges[i + 2], merges[i + 3]));
        }
        return cuts.stream()
                .sorted(Comparator.comparingInt(RankedCut::rank).thenComparing(RankedCut::id)
                        .thenComparing(RankedCut::place))
                .map(RankedCut::merge)
                .toList();
    }

    private record RankedCut(Merge merge, int rank, int id) {
        int place() {
            String token = merge.result();
            return (token.startsWith(merge.right()) ? 0 : 1) + (token.endsWith(merge.left()) ? 2 : 0);
        }
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

    /** Returns the rank; 0 − score turns −0 and 0 into the same zero. */
    private float rank(int id) {
        return 0f - scores.byId()[id];
    }
}
