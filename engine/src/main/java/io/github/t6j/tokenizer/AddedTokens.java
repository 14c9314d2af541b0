package io.github.t6j.tokenizer;

import java.util.BitSet;
import java.util.Comparator;
import java.util.List;

/** Finds added tokens in a text: the leftmost match and, of those, the longest. */
final class AddedTokens {
    private final List<AddedToken> longestFirst;
    private final BitSet firstChars = new BitSet();

    AddedTokens(List<AddedToken> tokens) {
        longestFirst = tokens.stream()
                .sorted(Comparator.comparingInt((AddedToken token) -> token.content().length()).reversed())
                .toList();
        tokens.forEach(token -> firstChars.set(token.content().charAt(0)));
    }

    /** Index of the first token in {@code text} at or after {@code from}; the text's length if there is none. */
    int next(String text, int from) {
        if (longestFirst.isEmpty()) {
            return text.length();
        }
        int at = from;
        while (at < text.length() && match(text, at) == null) {
            at++;
        }
        return at;
    }

    /** The longest token that stands at {@code at}, or null. */
    AddedToken match(String text, int at) {
        if (firstChars.get(text.charAt(at))) {
            for (AddedToken token : longestFirst) {
                if (text.startsWith(token.content(), at)) {
                    return token;
                }
            }
        }
        return null;
    }
}
