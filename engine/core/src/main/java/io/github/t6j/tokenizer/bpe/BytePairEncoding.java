package io.github.t6j.tokenizer.bpe;

import io.github.t6j.ModelFormatException;
import io.github.t6j.tokenizer.bpe.TokenizerDefinition.Merge;
import io.github.t6j.tokenizer.bpe.TokenizerDefinition.RankedMerges;
import io.github.t6j.tokenizer.bpe.TokenizerDefinition.ScoredTokens;
import io.github.t6j.tokenizer.split.IntList;
import io.github.t6j.tokenizer.split.Metaspace;
import io.github.t6j.tokenizer.split.Splitter;
import io.github.t6j.tokenizer.split.Utf8;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Encodes text to ids. The text is split into pieces. Within a piece, the pair of neighbours with the lowest rank
 * merges first, the leftmost if several have it, until no pair merges (Sennrich, Haddow, Birch 2016).
 */
public final class BytePairEncoding {
    private final Symbols symbols;
    private final MergeTable merges;
    private final Splitter[] splitters;
    private final WordTable words;
    private final int longestWord;

    /** @throws ModelFormatException if the vocabulary lacks a symbol or a merge's token, or a merge has a duplicate */
    public BytePairEncoding(TokenizerDefinition definition) {
        symbols = definition.model().byteLevel() ? new ByteSymbols(definition) : new CharacterSymbols(definition);
        merges = switch (definition.model().merges()) {
            case RankedMerges ranked -> table(definition, ranked);
            case ScoredTokens scored -> ScoredMerges.table(definition, scored);
        };
        List<Splitter> all = new ArrayList<>(definition.preparation().splitters());
        if (mayCutBeforeWords(definition)) {
            all.add(Metaspace::endBeforeWord);
        } else if (all.isEmpty()) {
            all.add((text, from, to) -> to);
        }
        splitters = all.toArray(Splitter[]::new);
        words = new WordTable(definition.vocabulary().size());
        longestWord = addWords(definition);
    }

    private static MergeTable table(TokenizerDefinition definition, RankedMerges ranked) {
        List<Merge> list = ranked.list();
        MergeTable table = new MergeTable(list.size());
        for (int rank = 0; rank < list.size(); rank++) {
            Merge merge = list.get(rank);
            int left = mergedId(definition, ranked, rank, merge.left());
            int right = mergedId(definition, ranked, rank, merge.right());
            if (!table.put(left, right, rank, mergedId(definition, ranked, rank, merge.result()))) {
                throw error(ranked, rank, "expected each merge once, found a duplicate");
            }
        }
        return table;
    }

    private static int mergedId(TokenizerDefinition definition, RankedMerges ranked, int rank, String token) {
        Integer id = definition.vocabulary().get(token);
        if (id == null) {
            throw error(ranked, rank, "expected its tokens and its result in " + definition.vocabularySource()
                    + ", found no \"" + token + "\"; do the two files belong together?");
        }
        return id;
    }

    private static ModelFormatException error(RankedMerges ranked, int rank, String message) {
        Merge merge = ranked.list().get(rank);
        return new ModelFormatException("%s: merge %d (\"%s %s\"): %s"
                .formatted(ranked.source(), rank + 1, merge.left(), merge.right(), message));
    }

    /**
     * Returns true if a text may be split before words without changing its ids. SentencePiece's models treat a whole
     * text as one piece. If no merge has a ▁ after another character, nothing merges across such a position, so
     * splitting there makes most pieces single words. All characters must have symbols, because the neighbours of a
     * dropped character may merge.
     */
    private static boolean mayCutBeforeWords(TokenizerDefinition definition) {
        TokenizerDefinition.Model model = definition.model();
        if (!model.byteFallback() || model.byteLevel() || model.ignoreMerges()
                || !definition.vocabulary().containsKey(String.valueOf(Metaspace.MARK))
                || !CharacterSymbols.areComplete(definition.vocabulary())) {
            return false;
        }
        return switch (model.merges()) {
            case RankedMerges ranked -> ranked.list().stream().noneMatch(merge -> Metaspace.isInside(merge.result()));
            case ScoredTokens scored -> definition.vocabulary().keySet().stream().noneMatch(Metaspace::isInside);
        };
    }

    /**
     * Adds whole words to the table. Without ignore_merges these are only tokens that merges produce: other tokens of a
     * file must not appear in a text's ids.
     */
    private int addWords(TokenizerDefinition definition) {
        TokenizerDefinition.Model model = definition.model();
        int longest = 0;
        Merger merger = new Merger(symbols, merges);
        for (Map.Entry<String, Integer> entry : definition.vocabulary().entrySet()) {
            String token = entry.getKey();
            if (token.isEmpty() || model.byteLevel() && !ByteAlphabet.isBytes(token)) {
                continue;
            }
            byte[] word = model.byteLevel() ? ByteAlphabet.bytes(token) : Utf8.encode(token);
            if (model.ignoreMerges() || makes(merger, word, entry.getValue())) {
                words.put(word, entry.getValue());
                longest = Math.max(longest, word.length);
            }
        }
        return longest;
    }

    private static boolean makes(Merger merger, byte[] word, int id) {
        IntList ids = new IntList();
        merger.encode(word, 0, word.length, ids);
        int[] merged = ids.toArray();
        return merged.length == 1 && merged[0] == id;
    }

    /** Returns {@link MergeTable#fingerprint}. */
    public long mergesFingerprint() {
        return merges.fingerprint();
    }

    /** Encodes valid UTF-8 and adds its ids to {@code out}. */
    public void encode(byte[] text, IntList out) {
        new Pieces(text, out).split(0, text.length, 0);
    }

    /** Splits and encodes one text. */
    private final class Pieces {
        private final byte[] text;
        private final IntList out;
        private Merger merger; // null until a piece is not in the word table

        Pieces(byte[] text, IntList out) {
            this.text = text;
            this.out = out;
        }

        /** Splits a piece by splitter {@code number} and its successors; there is at least one splitter. */
        void split(int from, int to, int number) {
            Splitter splitter = splitters[number];
            boolean isLast = number == splitters.length - 1;
            for (int at = from, end; at < to; at = end) {
                end = splitter.end(text, at, to);
                if (isLast) {
                    encode(at, end);
                } else {
                    split(at, end, number + 1);
                }
            }
        }

        private void encode(int from, int to) {
            int word = to - from <= longestWord ? words.get(text, from, to) : -1;
            if (word >= 0) {
                out.add(word);
            } else {
                merger = merger == null ? new Merger(symbols, merges) : merger;
                merger.encode(text, from, to, out);
            }
        }
    }
}
