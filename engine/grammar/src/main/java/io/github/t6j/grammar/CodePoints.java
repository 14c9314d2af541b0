package io.github.t6j.grammar;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * Immutable set of Unicode code points, as ascending ranges. Surrogates are never members, because UTF-8 cannot encode
 * them.
 */
final class CodePoints {
    private static final int FIRST_SURROGATE = 0xD800;
    private static final int LAST_SURROGATE = 0xDFFF;
    /** Largest code point of each length in UTF-8. */
    private static final int[] LAST_OF_LENGTH = {0x7F, 0x7FF, 0xFFFF, Character.MAX_CODE_POINT};
    static final CodePoints NONE = new CodePoints(new int[0]);
    static final CodePoints ALL = NONE.complement();

    /** Receives sequences of byte ranges. */
    interface Utf8Receiver {
        /**
         * Receives a sequence; byte i is any from {@code first[i]} to {@code last[i]}.
         *
         * @param first unsigned bytes of the smallest code point
         * @param last unsigned bytes of the largest
         */
        void onSequence(int[] first, int[] last);
    }

    private final int[] bounds; // first and last member of each range, ascending; ranges do not touch

    private CodePoints(int[] bounds) {
        this.bounds = bounds;
    }

    /** Returns the union of ranges, each given by its first and its last member, in any order. */
    static CodePoints of(int... firstsAndLasts) {
        int[][] ranges = IntStream.range(0, firstsAndLasts.length / 2)
                .mapToObj(i -> new int[] {firstsAndLasts[2 * i], firstsAndLasts[2 * i + 1]})
                .sorted((a, b) -> Integer.compare(a[0], b[0]))
                .toArray(int[][]::new);
        int[] merged = new int[2 * ranges.length + 2];
        int count = 0;
        for (int[] range : ranges) {
            if (count > 0 && range[0] <= merged[count - 1] + 1) {
                merged[count - 1] = Math.max(merged[count - 1], range[1]);
            } else {
                merged[count++] = range[0];
                merged[count++] = range[1];
            }
        }
        CodePoints set = new CodePoints(Arrays.copyOf(merged, count));
        return set.hasSurrogates() ? set.complement().complement() : set;
    }

    /** Returns the set of the characters of {@code text}. */
    static CodePoints anyOf(String text) {
        return of(text.codePoints().flatMap(c -> IntStream.of(c, c)).toArray());
    }

    /** Returns the set of code points that {@code test} accepts. */
    static CodePoints matching(IntPredicate test) {
        return of(IntStream.rangeClosed(0, Character.MAX_CODE_POINT).filter(test).flatMap(c -> IntStream.of(c, c))
                .toArray());
    }

    private boolean hasSurrogates() {
        for (int i = 0; i < bounds.length; i += 2) {
            if (bounds[i] <= LAST_SURROGATE && bounds[i + 1] >= FIRST_SURROGATE) {
                return true;
            }
        }
        return false;
    }

    CodePoints union(CodePoints other) {
        return union(List.of(this, other));
    }

    static CodePoints union(List<CodePoints> sets) {
        return of(sets.stream().flatMapToInt(set -> Arrays.stream(set.bounds)).toArray());
    }

    /** Returns all code points that are not in this set, without surrogates. */
    CodePoints complement() {
        int[] gaps = new int[bounds.length + 4];
        int count = 0;
        int next = 0; // first code point after the ranges so far
        for (int i = 0; i <= bounds.length; i += 2) {
            int end = i < bounds.length ? bounds[i] - 1 : Character.MAX_CODE_POINT;
            if (next < FIRST_SURROGATE && end > LAST_SURROGATE) {
                gaps[count++] = next;
                gaps[count++] = FIRST_SURROGATE - 1;
                next = LAST_SURROGATE + 1;
            }
            if (next >= FIRST_SURROGATE && next <= LAST_SURROGATE) {
                next = LAST_SURROGATE + 1;
            }
            if (end >= FIRST_SURROGATE && end <= LAST_SURROGATE) {
                end = FIRST_SURROGATE - 1;
            }
            if (next <= end) {
                gaps[count++] = next;
                gaps[count++] = end;
            }
            next = i < bounds.length ? bounds[i + 1] + 1 : next;
        }
        return new CodePoints(Arrays.copyOf(gaps, count));
    }

    CodePoints intersect(CodePoints other) {
        return complement().union(other.complement()).complement();
    }

    CodePoints minus(CodePoints other) {
        return complement().union(other).complement();
    }

    boolean contains(int codePoint) {
        for (int i = 0; i < bounds.length; i += 2) {
            if (bounds[i] <= codePoint && codePoint <= bounds[i + 1]) {
                return true;
            }
        }
        return false;
    }

    /** Returns the number of ranges. */
    int ranges() {
        return bounds.length / 2;
    }

    int first(int range) {
        return bounds[2 * range];
    }

    int last(int range) {
        return bounds[2 * range + 1];
    }

    /** Reports sequences of byte ranges whose products are exactly the members in UTF-8. */
    void utf8(Utf8Receiver receiver) {
        for (int i = 0; i < ranges(); i++) {
            split(first(i), last(i), receiver);
        }
    }

    private static void split(int first, int last, Utf8Receiver receiver) {
        for (int bound : LAST_OF_LENGTH) {
            if (first <= bound && bound < last) {
                split(first, bound, receiver);
                split(bound + 1, last, receiver);
                return;
            }
        }
        if (last > 0x7F) {
            for (int bytes = 1; bytes < 4; bytes++) {
                int tail = (1 << 6 * bytes) - 1; // the code point's bits in the last bytes
                if ((first & ~tail) != (last & ~tail)) {
                    if ((first & tail) != 0) {
                        split(first, first | tail, receiver);
                        split((first | tail) + 1, last, receiver);
                        return;
                    }
                    if ((last & tail) != tail) {
                        split(first, (last & ~tail) - 1, receiver);
                        split(last & ~tail, last, receiver);
                        return;
                    }
                }
            }
        }
        receiver.onSequence(bytes(first), bytes(last));
    }

    private static int[] bytes(int codePoint) {
        byte[] utf8 = Character.toString(codePoint).getBytes(StandardCharsets.UTF_8);
        int[] unsigned = new int[utf8.length];
        for (int i = 0; i < utf8.length; i++) {
            unsigned[i] = utf8[i] & 0xFF;
        }
        return unsigned;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof CodePoints set && Arrays.equals(bounds, set.bounds);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bounds);
    }
}
