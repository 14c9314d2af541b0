package io.github.t6j.tokenizer;

import io.github.t6j.ModelFormatException;
import io.github.t6j.tokenizer.TokenizerDefinition.Merge;
import java.util.List;
import java.util.Map;

/**
 * Bytes of a piece to ids: of all pairs of neighbours that merge, the one of the lowest rank does, the leftmost if there
 * are several, until none is left (Sennrich, Haddow, Birch 2016).
 */
final class BytePairEncoding {
    private final int[] byteIds = new int[256];
    private final MergeTable merges;
    private final WordTable words;
    private final int longestWord;

    /** @throws ModelFormatException if a byte, or a merge's token, is not in the vocabulary, or a merge is there twice */
    BytePairEncoding(TokenizerDefinition definition) {
        Map<String, Integer> vocabulary = definition.vocabulary();
        for (int b = 0; b < byteIds.length; b++) {
            byteIds[b] = byteId(definition, b);
        }
        merges = new MergeTable(definition.merges().size());
        addMerges(definition);
        words = new WordTable(vocabulary.size());
        longestWord = addWords(vocabulary);
    }

    private static int byteId(TokenizerDefinition definition, int b) {
        Integer id = definition.vocabulary().get(ByteAlphabet.text(b));
        if (id == null) {
            throw new ModelFormatException(
                    "%s: expected a byte-level vocabulary with a token for each of the 256 bytes, found none for byte 0x%02X"
                            .formatted(definition.vocabularySource(), b)
                            + " (\"" + ByteAlphabet.text(b) + "\"); only GPT-2's byte-level BPE is supported");
        }
        return id;
    }

    private void addMerges(TokenizerDefinition definition) {
        List<Merge> list = definition.merges();
        for (int rank = 0; rank < list.size(); rank++) {
            Merge merge = list.get(rank);
            int left = mergedId(definition, rank, merge.left());
            int right = mergedId(definition, rank, merge.right());
            if (!merges.put(left, right, rank, mergedId(definition, rank, merge.result()))) {
                throw error(definition, rank, "expected each merge once, found it a second time");
            }
        }
    }

    private static int mergedId(TokenizerDefinition definition, int rank, String token) {
        Integer id = definition.vocabulary().get(token);
        if (id == null) {
            throw error(definition, rank, "expected its tokens and its result in " + definition.vocabularySource()
                    + ", found no \"" + token + "\"; do the two belong together?");
        }
        return id;
    }

    private static ModelFormatException error(TokenizerDefinition definition, int rank, String message) {
        Merge merge = definition.merges().get(rank);
        return new ModelFormatException("%s: merge %d (\"%s %s\"): %s"
                .formatted(definition.mergesSource(), rank + 1, merge.left(), merge.right(), message));
    }

    /** Only tokens that their bytes merge into: a file may hold others, which must not appear. */
    private int addWords(Map<String, Integer> vocabulary) {
        int longest = 0;
        Merger merger = new Merger(byteIds, merges);
        for (Map.Entry<String, Integer> entry : vocabulary.entrySet()) {
            byte[] word = ByteAlphabet.bytes(entry.getKey());
            IntList ids = new IntList();
            merger.encode(word, 0, word.length, ids);
            int[] merged = ids.toArray();
            if (merged.length == 1 && merged[0] == entry.getValue()) {
                words.put(word, entry.getValue());
                longest = Math.max(longest, word.length);
            }
        }
        return longest;
    }

    /** Adds the ids of valid UTF-8 to {@code out}. */
    void encode(byte[] text, IntList out) {
        Merger merger = null;
        for (int from = 0, to; from < text.length; from = to) {
            to = PreTokenizer.end(text, from);
            int word = to - from <= longestWord ? words.get(text, from, to) : -1;
            if (word >= 0) {
                out.add(word);
            } else {
                merger = merger == null ? new Merger(byteIds, merges) : merger;
                merger.encode(text, from, to, out);
            }
        }
    }
}
