package io.github.t6j.training;

/**
 * Size of a low-rank adapter (LoRA): each matrix W of the layers computes W x + (alpha/rank) · B A x, where A [rank,
 * inputs] and B [outputs, rank] are trained and W is not. A starts uniform in ±1/√inputs and B starts as 0, as in
 * PEFT.
 *
 * @param rank number of rows of A
 * @param alpha scale of the change times the rank
 */
public record LoraOptions(int rank, double alpha) {
    private static final int MAX_RANK = 1 << 12;
    private static final double MAX_ALPHA = 1e6;

    /**
     * Creates the size of an adapter.
     *
     * @throws IllegalArgumentException if a number is out of range; the message gives the range
     */
    public LoraOptions {
        TrainingOptions.check("rank", rank >= 1 && rank <= MAX_RANK, "1 to " + MAX_RANK, rank);
        TrainingOptions.check("alpha", alpha > 0 && alpha <= MAX_ALPHA, "above 0 to " + (long) MAX_ALPHA, alpha);
    }

    /** Returns an adapter of this rank whose {@link #scale} is 2, a common choice. */
    public static LoraOptions of(int rank) {
        return new LoraOptions(rank, 2.0 * rank);
    }

    /** Returns the factor of B · A. */
    public double scale() {
        return alpha / rank;
    }
}
