package io.github.t6j.training;

/**
 * Schedule of the learning rate: a linear warm-up from 0, half a cosine down, then a constant. The formula is that of
 * nanoGPT and of the official script: with W = warmup and I = updates − 1, the rate of update i, counted from 0, is
 *
 * <pre>
 *   i &lt; W      maximum · i / W
 *   W ≤ i ≤ I  minimum + ½ (1 + cos(π (i − W) / (I − W))) · (maximum − minimum)
 *   i &gt; I      minimum
 * </pre>
 *
 * @param maximum rate after the warm-up
 * @param minimum rate at the end
 * @param warmup number of updates until the maximum; the first has the rate 0
 * @param updates number of updates of the whole run
 */
public record LearningRate(double maximum, double minimum, long warmup, long updates) {
    private static final long MOST = 1L << 40;

    /**
     * Creates a schedule.
     *
     * @throws IllegalArgumentException for rates below 0 or above 1, or a warm-up longer than the run
     */
    public LearningRate {
        TrainingOptions.check("maximum", maximum > 0 && maximum <= 1, "above 0 and at most 1", maximum);
        TrainingOptions.check("minimum", minimum >= 0 && minimum <= maximum, "0 to the maximum, " + maximum, minimum);
        TrainingOptions.check("updates", updates >= 1 && updates <= MOST, "1 to " + MOST, updates);
        TrainingOptions.check("warmup", warmup >= 0 && warmup <= updates, "0 to " + updates + ", the length of the run",
                warmup);
    }

    /** Returns the rate of an update, counted from 0. */
    public double at(long update) {
        long last = updates - 1;
        if (update < warmup) {
            return maximum * update / warmup;
        }
        if (update > last) {
            return minimum;
        }
        double share = last == warmup ? 0 : (double) (update - warmup) / (last - warmup);
        return minimum + 0.5 * (1 + StrictMath.cos(Math.PI * share)) * (maximum - minimum);
    }
}
