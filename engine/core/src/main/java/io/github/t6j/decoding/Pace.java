package io.github.t6j.decoding;

import java.util.function.IntPredicate;

/**
 * Number of drafts that pays: the one with the most tokens per second, by the share of right drafts and the times of
 * passes. A pause costs nothing, since the drafts are compared with the chosen ids even if no pass computes them.
 */
final class Pace {
    /** Numbers of drafts to choose from, so that few sizes of passes are compiled. */
    private static final int[] CHOICES = {0, 1, 3, 7, 15};

    /** Weight of a new draft in the share of right ones. */
    private static final double WEIGHT = 0.0625;

    /** Share of right drafts at the beginning, after which some right ones in a row begin the speculation. */
    static final double FIRST = 0.4;

    /** The same for drafts that a grammar forces; the text is right, but other ids may have it. */
    static final double FORCED = 0.8;

    /** Least gain: less would be lost in the noise of the times. */
    private static final double GAIN = 1.05;

    /** Passes after which one without drafts shows again what drafts save. */
    private static final int PROBE = 64;

    private final PassTimes times;
    private final IntPredicate isReady;
    private double right;
    private int passes;

    /**
     * @param isReady returns true if passes of a number of rows are compiled
     * @param right assumed share of right drafts
     */
    Pace(PassTimes times, IntPredicate isReady, double right) {
        this.right = right;
        this.times = times;
        this.isReady = isReady;
    }

    /** Records that a draft was right or wrong. */
    void record(boolean isRight) {
        right += WEIGHT * ((isRight ? 1 : 0) - right);
    }

    /** Returns the number of drafts, at most {@code max}, with which a pass should begin now. */
    int drafts(int max) {
        double plain = times.of(1);
        double best = plain / GAIN; // time per token
        int drafts = 0;
        for (int choice : CHOICES) {
            int count = Math.min(choice, max);
            double time = times.of(1 + count) / tokens(count);
            if (count > 0 && plain > 0 && time < best) {
                best = time;
                drafts = count;
            }
        }
        return ++passes % PROBE != 0 && drafts > 0 && isReady.test(1 + drafts) ? drafts : 0;
    }

    /** Returns the expected number of tokens of a pass with {@code drafts} drafts. */
    private double tokens(int drafts) {
        double sum = 1;
        double power = 1;
        for (int i = 0; i < drafts; i++) {
            power *= right;
            sum += power;
        }
        return sum;
    }
}
