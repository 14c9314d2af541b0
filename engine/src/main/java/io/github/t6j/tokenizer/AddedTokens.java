package io.github.t6j.tokenizer;

import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Cuts added tokens out of a text: the leftmost match and, of those, the longest. */
final class AddedTokens {
    private final Node root = new Node();
    private final BitSet firstChars = new BitSet();

    /** What the characters from the root to here begin, and the token that they are, or null. */
    private static final class Node {
        private final Map<Character, Node> next = new HashMap<>();
        private AddedToken token;
        private int length;
    }

    /** Takes ordinary text. */
    @FunctionalInterface
    interface Rest {
        /**
         * Text that is not empty, between added tokens.
         *
         * @param at where it begins
         */
        void accept(String piece, int at);
    }

    /** @param written how a token's content is written in the texts that come */
    AddedTokens(List<AddedToken> tokens, UnaryOperator<String> written) {
        for (AddedToken token : tokens) {
            String content = written.apply(token.content());
            if (!content.isEmpty()) {
                firstChars.set(content.charAt(0));
                add(content, token);
            }
        }
    }

    private void add(String content, AddedToken token) {
        Node node = root;
        for (char c : content.toCharArray()) {
            node = node.next.computeIfAbsent(c, key -> new Node());
        }
        node.token = node.token == null ? token : node.token;
        node.length = content.length();
    }

    /** Adds the tokens of {@code text} to {@code ids}, with what {@code rest} adds of the text between them. */
    void cut(String text, IntList ids, Rest rest) {
        int from = 0;
        int endOfSpace = 0;
        for (int at = 0; at < text.length() && !firstChars.isEmpty();) {
            Node found = longest(text, at);
            if (found == null) {
                at++;
                continue;
            }
            int end = at + found.length;
            if (!found.token.singleWord() || isAlone(text, at, end)) {
                int start = found.token.lstrip() ? startOfSpace(text, from, at) : at;
                if (start > from) {
                    rest.accept(text.substring(from, start), from);
                }
                ids.add(found.token.id());
                // not looked for again, as the same white space may be behind each of many tokens within it
                endOfSpace = found.token.rstrip() && end > endOfSpace ? endOfSpace(text, end) : endOfSpace;
                from = found.token.rstrip() ? endOfSpace : end;
            }
            at = end;
        }
        if (from < text.length()) {
            rest.accept(text.substring(from), from);
        }
    }

    /** The longest token that stands at {@code at}, or null. */
    private Node longest(String text, int at) {
        if (!firstChars.get(text.charAt(at))) {
            return null;
        }
        Node found = null;
        Node node = root;
        for (int i = at; i < text.length() && (node = node.next.get(text.charAt(i))) != null; i++) {
            found = node.token == null ? found : node;
        }
        return found;
    }

    private static int startOfSpace(String text, int lowest, int to) {
        int start = to;
        while (start > lowest && Kind.of(text.charAt(start - 1)) == Kind.SPACE) {
            start--;
        }
        return start;
    }

    private static int endOfSpace(String text, int from) {
        int end = from;
        while (end < text.length() && Kind.of(text.charAt(end)) == Kind.SPACE) {
            end++;
        }
        return end;
    }

    private static boolean isAlone(String text, int from, int to) {
        return (from == 0 || !isOfWord(text.codePointBefore(from)))
                && (to == text.length() || !isOfWord(text.codePointAt(to)));
    }

    /** {@code \w} (Unicode Technical Standard 18, annex C). */
    private static boolean isOfWord(int codePoint) {
        return Character.isAlphabetic(codePoint)
                || Kind.of(codePoint) == Kind.MARK
                || Character.getType(codePoint) == Character.DECIMAL_DIGIT_NUMBER
                || Character.getType(codePoint) == Character.CONNECTOR_PUNCTUATION
                || codePoint == 0x200C || codePoint == 0x200D;
    }
}
