package io.github.t6j.tokenizer;

import java.util.List;
import java.util.Map;

/**
 * A tokenizer as its files describe it.
 *
 * @param vocabularySource what to call the origin of {@code vocabulary} in an error
 * @param vocabulary each token, its bytes written in {@link ByteAlphabet}, with its id
 * @param mergesSource what to call the origin of {@code merges} in an error
 * @param merges by rank: the first is the most urgent
 */
record TokenizerDefinition(
        String vocabularySource,
        Map<String, Integer> vocabulary,
        String mergesSource,
        List<Merge> merges,
        List<AddedToken> addedTokens) {

    static final String END_OF_TEXT = "<|endoftext|>";

    /** Two tokens that stand side by side become one. */
    record Merge(String left, String right) {
        String result() {
            return left + right;
        }
    }
}
