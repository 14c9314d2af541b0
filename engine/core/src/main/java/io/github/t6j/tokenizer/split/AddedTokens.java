package io.github.t6j.tokenizer.split;

import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/** Splits added tokens from a text: the leftmost match and, among those, the longest. */
public final class AddedTokens {
    private final String[] contents; // in the form in which texts contain them; sorted
    private final AddedToken[] tokens;
    private final int[] shorter; // index of the longest content that is a prefix of this one; or -1
    private final BitSet firstChars = new BitSet();

    /** Receives ordinary text. */
    @FunctionalInterface
    public interface Rest {
        /**
         * Accepts a piece of text, not empty, between added tokens.
         *
         * @param at start of the piece in the text
         */
        void accept(String piece, int at);
    }

    /** @param written maps a token's content to the form in which texts contain it */
    public AddedTokens(List<AddedToken> added, UnaryOperator<String> written) {
        Map<String, AddedToken> sorted = new TreeMap<>();
        added.forEach(token -> sorted.putIfAbsent(written.apply(token.content()), token));
        sorted.remove("");
        contents = sorted.keySet().toArray(String[]::new);
        tokens = sorted.values().toArray(AddedToken[]::new);
        shorter = new int[contents.length];
        for (int i = 0; i < contents.length; i++) {
            firstChars.set(contents[i].charAt(0));
            // any content sorted between a prefix and its extension has the same prefix
            int before = i - 1;
            while (before >= 0 && !contents[i].startsWith(contents[before])) {
                before = shorter[before];
            }
            shorter[i] = before;
        }
    }

    /** Returns the contents in the form in which texts contain them. */
    public List<String> contents() {
        return List.of(contents);
    }

    /** Adds the added tokens in {@code text} to {@code ids}; {@code rest} encodes the text between them. */
    public void cut(String text, IntList ids, Rest rest) {
        int from = 0;
        int endOfSpace = 0;
        int searched = firstChars.isEmpty() ? 0 : text.length();
        for (int at = 0; at < searched;) {
            int found = longest(text, at);
            if (found < 0) {
                at++;
                continue;
            }
            AddedToken token = tokens[found];
            int end = at + contents[found].length();
            if (!token.singleWord() || isAlone(text, at, end)) {
                int start = token.lstrip() ? startOfSpace(text, from, at) : at;
                if (start > from) {
                    rest.accept(text.substring(from, start), from);
                }
                ids.add(token.id());
                // not searched again, since the same white space may follow each of many tokens in it
                endOfSpace = token.rstrip() && end > endOfSpace ? endOfSpace(text, end) : endOfSpace;
                from = token.rstrip() ? endOfSpace : end;
            }
            at = end;
        }
        if (from < text.length()) {
            rest.accept(text.substring(from), from);
        }
    }

    /** Returns the index of the longest content at position {@code at}, or -1. */
    private int longest(String text, int at) {
        if (!firstChars.get(text.charAt(at))) {
            return -1;
        }
        int found = -1; // index of the last content that is not greater than the text
        for (int high = contents.length - 1; found < high;) {
            int middle = found + high + 1 >>> 1;
            if (isBehind(contents[middle], text, at)) {
                high = middle - 1;
            } else {
                found = middle;
            }
        }
        int common = found < 0 ? 0 : common(contents[found], text, at);
        while (found >= 0 && contents[found].length() > common) {
            found = shorter[found];
        }
        return found;
    }

    private static boolean isBehind(String content, String text, int at) {
        int common = common(content, text, at);
        return common < content.length()
                && (at + common == text.length() || content.charAt(common) > text.charAt(at + common));
    }

    /** Returns the length of the common prefix of {@code content} and the text at {@code at}. */
    private static int common(String content, String text, int at) {
        int max = Math.min(content.length(), text.length() - at);
        int common = 0;
        while (common < max && content.charAt(common) == text.charAt(at + common)) {
            common++;
        }
        return common;
    }

    private static int startOfSpace(String text, int lowest, int to) {
        int start = to;
        while (start > lowest && CharacterClass.of(text.charAt(start - 1)) == CharacterClass.SPACE) {
            start--;
        }
        return start;
    }

    private static int endOfSpace(String text, int from) {
        int end = from;
        while (end < text.length() && CharacterClass.of(text.charAt(end)) == CharacterClass.SPACE) {
            end++;
        }
        return end;
    }

    private static boolean isAlone(String text, int from, int to) {
        return (from == 0 || !isOfWord(text.codePointBefore(from)))
                && (to == text.length() || !isOfWord(text.codePointAt(to)));
    }

    /** Returns true if {@code \w} matches the character (Unicode Technical Standard 18, annex C). */
    private static boolean isOfWord(int codePoint) {
        return Character.isAlphabetic(codePoint)
                || CharacterClass.of(codePoint) == CharacterClass.MARK
                || Character.getType(codePoint) == Character.DECIMAL_DIGIT_NUMBER
                || Character.getType(codePoint) == Character.CONNECTOR_PUNCTUATION
                || codePoint == 0x200C || codePoint == 0x200D;
    }
}
