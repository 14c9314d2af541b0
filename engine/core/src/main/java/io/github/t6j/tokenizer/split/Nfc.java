package io.github.t6j.tokenizer.split;

import java.text.Normalizer;
import java.text.Normalizer.Form;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Unicode's normalisation form C. For a run of combining marks that are not in canonical order, the JDK's
 * implementation takes time proportional to the square of the run's length, so a hostile text could take hours. This
 * class sorts long runs first.
 */
public final class Nfc {
    /** Length of a run in characters up to which the JDK's implementation is fast enough. */
    static final int LONG_RUN = 64;

    // marks of the lowest and of the highest combining class
    private static final int OVERLAY = 0x0334;
    private static final int IOTA = 0x0345;

    private Nfc() {}

    public static String normalize(String text) {
        return isAscii(text) ? text : Normalizer.normalize(withLongRunsInOrder(text), Form.NFC);
    }

    private static boolean isAscii(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= 0x80) {
                return false;
            }
        }
        return true;
    }

    private static String withLongRunsInOrder(String text) {
        StringBuilder out = null;
        int copied = 0;
        for (int at = 0; at < text.length();) {
            int end = endOfMarks(text, at);
            if (end - at > LONG_RUN) {
                out = out == null ? new StringBuilder() : out;
                out.append(text, copied, at).append(inOrder(text.substring(at, end)));
                copied = end;
            }
            at = end > at ? end : at + Character.charCount(text.codePointAt(at));
        }
        return out == null ? text : out.append(text, copied, text.length()).toString();
    }

    private static int endOfMarks(String text, int from) {
        int end = from;
        while (end < text.length() && CharacterClass.of(text.codePointAt(end)) == CharacterClass.MARK) {
            end += Character.charCount(text.codePointAt(end));
        }
        return end;
    }

    /**
     * Decomposes marks and puts them in canonical order (Unicode §3.11): sorted by class between marks of class 0,
     * which do not move.
     */
    private static String inOrder(String run) {
        int[] marks = run.codePoints().flatMap(mark -> decomposed(Character.toString(mark)).codePoints()).toArray();
        Map<Integer, Integer> ranks = ranks(Arrays.stream(marks).distinct().toArray());
        long[] keys = new long[marks.length];
        int start = 0;
        for (int i = 0; i < marks.length; i++) {
            int rank = ranks.get(marks[i]);
            keys[i] = (long) rank << 32 | i;
            if (rank == 0) {
                Arrays.sort(keys, start, i);
                start = i + 1;
            }
        }
        Arrays.sort(keys, start, keys.length);
        StringBuilder ordered = new StringBuilder(marks.length);
        for (long key : keys) {
            ordered.appendCodePoint(marks[(int) key]);
        }
        return ordered.toString();
    }

    /** Returns a number for each mark, larger for a larger combining class, and 0 for class 0. */
    private static Map<Integer, Integer> ranks(int[] marks) {
        Map<Integer, Integer> ranks = new HashMap<>();
        List<Integer> movable = new ArrayList<>();
        for (int mark : marks) {
            if (isBehind(mark, OVERLAY) || isBehind(IOTA, mark)) {
                movable.add(mark);
            } else {
                ranks.put(mark, 0);
            }
        }
        movable.sort((left, right) -> isBehind(left, right) ? 1 : isBehind(right, left) ? -1 : 0);
        int rank = 0;
        for (int i = 0; i < movable.size(); i++) {
            rank += i == 0 || isBehind(movable.get(i), movable.get(i - 1)) ? 1 : 0;
            ranks.put(movable.get(i), rank);
        }
        return ranks;
    }

    /**
     * Returns true if canonical order puts {@code mark} after {@code before}. The JDK does not expose combining
     * classes, but its normaliser sorts by them.
     */
    private static boolean isBehind(int mark, int before) {
        return mark != before
                && decomposed(Character.toString(mark) + Character.toString(before)).codePointAt(0) == before;
    }

    private static String decomposed(String text) {
        return Normalizer.normalize(text, Form.NFD);
    }
}
