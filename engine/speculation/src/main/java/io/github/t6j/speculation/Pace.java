package io.github.t6j.speculation;

import java.util.function.IntPredicate;

/**
 * Number of drafts that pays: the one with the most tokens per second, by the share of right drafts and the times of
 * passes. In a pause, drafts that take no time are compared with the chosen ids, although no pass computes them; others are
 * tried now and then.
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

    /** Passes after which one without drafts, or in a pause one with some, shows again what drafts save. */
    private static final int PROBE = 64;

    /** Number of drafts that are tried in a pause. */
    private static final int TRIED = 3;

    private final PassTimes times;
    private final IntPredicate isReady;
    private final boolean isFree;
    private double right;
    private int passes;

    /**
     * @param isReady returns true if passes of a number of rows are compiled
     * @param right assumed share of right drafts
     * @param isFree drafts take no time
     */
    Pace(PassTimes times, IntPredicate isReady, double right, boolean isFree) {
        this.right = right;
        this.isFree = isFree;
        this.times = times;
        this.isReady = isReady;
    }

    /** Records that a draft was right or wrong. */
    void record(boolean isRight) {
        right += WEIGHT * ((isRight ? 1 : 0) - right);
    }

    /**
     * Returns the number of drafts, at most {@code max}, with which a pass should begin now.
     *
     * @param sharing number of generations that share the pass, as if each had as many drafts
     */
    int drafts(int max, int sharing) {
        double plain = times.of(sharing);
        double best = plain / GAIN; // time per token
        int drafts = 0;
        for (int choice : CHOICES) {
            int count = Math.min(choice, max);
            double time = times.of(sharing * (1 + count)) / tokens(count);
            if (count > 0 && plain > 0 && time < best) {
                best = time;
                drafts = count;
            }
        }
        if (++passes % PROBE == 0) {
            drafts = isFree || drafts > 0 ? 0 : Math.min(TRIED, max);
        }
        return drafts > 0 && isReady.test(sharing * (1 + drafts)) ? drafts : 0;
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
