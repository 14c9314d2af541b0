package io.github.t6j.cli.evaluate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A piece of text that {@code t6j perplexity} evaluates with an empty cache.
 *
 * @param start index of the first id fed
 * @param scoredFrom index of the first id scored; ids before it are context
 * @param end index after the last id
 */
public record Window(int start, int scoredFrom, int end) {

    /** Returns the ids to feed before the first scored one. @param before ids that are fed before the window */
    int[] context(int[] before, int[] ids) {
        return Arrays.copyOf(fed(before, ids), scored(before));
    }

    /** Returns the ids that follow: each but the first is scored. */
    int[] continuation(int[] before, int[] ids) {
        int[] fed = fed(before, ids);
        return Arrays.copyOfRange(fed, scored(before), fed.length);
    }

    private int scored(int[] before) {
        return before.length + scoredFrom - 1 - start;
    }

    private int[] fed(int[] before, int[] ids) {
        return IntStream.concat(Arrays.stream(before), Arrays.stream(ids, start, end)).toArray();
    }

    /**
     * Returns windows of {@code context} ids, {@code stride} apart. Each scores the ids that no earlier window scored,
     * except its first id, which nothing predicts.
     *
     * @param ids number of ids in the text
     * @param before number of ids fed before each window; with one, a window's first id is predicted, too
     */
    public static List<Window> of(int ids, int context, int stride, int before) {
        List<Window> windows = new ArrayList<>();
        int done = 0;
        for (long start = 0; done < ids; start += stride) {
            int end = (int) Math.min(start + context, ids);
            int scoredFrom = Math.max((int) start + 1 - before, done);
            if (scoredFrom < end) {
                windows.add(new Window((int) start, scoredFrom, end));
            }
            done = end;
        }
        return windows;
    }
}
