package io.github.t6j.chat.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;

/** Python's functions on strings, where they differ from Java's. */
final class Strings {
    private Strings() {}

    /** Returns true if {@code c} is white space for Python's strip and split. */
    static boolean isSpace(int c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
    }

    static boolean isBlank(String text) {
        return text.codePoints().allMatch(Strings::isSpace);
    }

    static int length(String text) {
        return text.codePointCount(0, text.length());
    }

    /** @param chars characters to remove; null for white space */
    static String strip(String text, String chars, boolean left, boolean right) {
        Set<Integer> set = chars == null ? Set.of() : chars.codePoints().boxed().collect(Collectors.toSet());
        IntPredicate goes = chars == null ? Strings::isSpace : set::contains;
        int from = 0;
        int to = text.length();
        while (left && from < to && goes.test(text.codePointAt(from))) {
            from += Character.charCount(text.codePointAt(from));
        }
        while (right && from < to && goes.test(text.codePointBefore(to))) {
            to -= Character.charCount(text.codePointBefore(to));
        }
        return text.substring(from, to);
    }

    /** Splits at runs of white space, at most {@code max} times if that is not negative. */
    static List<String> splitWords(String text, long max) {
        List<String> words = new ArrayList<>();
        int from = run(text, 0, true);
        while (from < text.length()) {
            if (max >= 0 && words.size() == max) {
                words.add(text.substring(from));
                return words;
            }
            int to = run(text, from, false);
            words.add(text.substring(from, to));
            from = run(text, to, true);
        }
        return words;
    }

    /**
     * Returns the end of a run that begins at {@code from} and is all white space, or has none; white space has one
     * char.
     */
    private static int run(String text, int from, boolean space) {
        int to = from;
        while (to < text.length() && isSpace(text.charAt(to)) == space) {
            to++;
        }
        return to;
    }

    /** Splits at {@code separator}s, at most {@code max} times if that is not negative. */
    static List<String> split(String text, String separator, long max, Budget budget) {
        budget.search(text, separator);
        if (separator.isEmpty()) {
            throw new Fault("split: expected a separator, found an empty text");
        }
        List<String> pieces = new ArrayList<>();
        int from = 0;
        for (int i = text.indexOf(separator); i >= 0 && (max < 0 || pieces.size() < max);) {
            pieces.add(text.substring(from, i));
            from = i + separator.length();
            i = text.indexOf(separator, from);
        }
        pieces.add(text.substring(from));
        return pieces;
    }

    /** Returns lines without their ends; Python knows more ends than Java. */
    static List<String> splitLines(String text) {
        List<String> lines = new ArrayList<>();
        int from = 0;
        for (int i = 0; i < text.length(); i++) {
            if ("\n\r\u000b\f\u001c\u001d\u001e\u0085\u2028\u2029".indexOf(text.charAt(i)) >= 0) {
                lines.add(text.substring(from, i));
                i += text.startsWith("\r\n", i) ? 1 : 0;
                from = i + 1;
            }
        }
        if (from < text.length()) {
            lines.add(text.substring(from));
        }
        return lines;
    }

    /**
     * Replaces at most {@code max} occurrences of {@code old}, if that is not negative. An empty one is before each
     * character, and at the end.
     */
    static String replace(String text, String old, String by, long max, Budget budget) {
        budget.search(text, old);
        StringBuilder out = new StringBuilder();
        long count = 0;
        int from = 0;
        for (int i = text.indexOf(old); i >= 0 && (max < 0 || count < max); count++) {
            budget.characters(i - from + by.length());
            budget.step();
            out.append(text, from, i).append(by);
            from = i + old.length();
            int next = from;
            if (old.isEmpty()) {
                next = i < text.length() ? text.offsetByCodePoints(i, 1) : i + 1;
            }
            i = next <= text.length() ? text.indexOf(old, next) : -1;
        }
        budget.characters(text.length() - from);
        return out.append(text, from, text.length()).toString();
    }

    static String upper(String text) {
        return text.toUpperCase(Locale.ROOT);
    }

    static String lower(String text) {
        return text.toLowerCase(Locale.ROOT);
    }

    /** Returns the first character in upper case, the others in lower case. */
    static String capitalize(String text) {
        if (text.isEmpty()) {
            return text;
        }
        int second = text.offsetByCodePoints(0, 1);
        String first = text.substring(0, second);
        String all = lower(text); // the whole text, since the last sigma of a word differs
        return title(first) + all.substring(Math.min(all.length(), lower(first).length()));
    }

    /** Returns one character in title case. */
    private static String title(String character) {
        int code = character.codePointAt(0);
        String upper = upper(character);
        if (Character.toTitleCase(code) != code || length(upper) == 1 || Character.isTitleCase(code)) {
            return Character.toString(Character.toTitleCase(code));
        }
        int second = upper.offsetByCodePoints(0, 1);
        return Character.isUpperCase(upper.codePointAt(0))
                ? upper.substring(0, second) + lower(upper.substring(second))
                : upper;
    }

    /** Returns Python's title(), in which a word is a run of letters with case. */
    static String title(String text, Budget budget) {
        StringBuilder out = new StringBuilder();
        boolean inWord = false;
        for (int i = 0; i < text.length();) {
            int code = text.codePointAt(i);
            String character = Character.toString(code);
            budget.step();
            out.append(inWord ? lower(character) : title(character));
            inWord = Character.isUpperCase(code) || Character.isLowerCase(code) || Character.isTitleCase(code);
            i += character.length();
        }
        return out.toString();
    }

    /** Compares by code points, as Python does, not by UTF-16. */
    static int compare(String a, String b) {
        int i = 0;
        while (i < a.length() && i < b.length()) {
            int x = a.codePointAt(i);
            int y = b.codePointAt(i);
            if (x != y) {
                return Integer.compare(x, y);
            }
            i += Character.charCount(x);
        }
        return Integer.compare(a.length(), b.length());
    }
}
