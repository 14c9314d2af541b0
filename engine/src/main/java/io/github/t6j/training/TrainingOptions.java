package io.github.t6j.training;

import java.util.Objects;

/**
 * All that decides what a run computes, beside its data and the model that it begins with. The same options, data and model
 * give the same bits.
 *
 * @param batches what an update reads
 * @param rate the learning rate, and how many updates there are
 * @param optimizer AdamW's numbers, and what clips the gradients
 * @param initialization of a new model
 * @param seed of new weights and of the order of the data
 */
public record TrainingOptions(
        Batches batches, LearningRate rate, Optimizer optimizer, Initialization initialization, long seed) {

    /**
     * What an update reads: {@code accumulation} micro-batches of {@code sequences · context} tokens.
     *
     * @param context tokens of a sequence, or 0: as many as the model is for
     * @param sequences of a micro-batch; memory grows with it
     * @param accumulation micro-batches of an update
     * @param adds whether their gradients are added, as the official script does; otherwise averaged
     * @param order in which the data comes
     */
    public record Batches(int context, int sequences, int accumulation, boolean adds, BatchOrder.Order order) {
        private static final int MOST = 1 << 20;

        /** @throws IllegalArgumentException for numbers that make no batch */
        public Batches {
            Objects.requireNonNull(order, "order");
            check("context", context, 0);
            check("batch", sequences, 1);
            check("accumulate", accumulation, 1);
            if ((long) Math.max(1, context) * sequences > MOST) {
                throw new IllegalArgumentException("batch: expected at most " + MOST + " tokens at once, found "
                        + sequences + " sequences of " + context + ": take fewer, or a smaller context");
            }
        }

        private static void check(String name, int value, int least) {
            if (value < least || value > MOST) {
                throw new IllegalArgumentException(name + ": expected " + least + " to " + MOST + ", found " + value);
            }
        }

        /** The same with sequences of this length. */
        public Batches withContext(int tokens) {
            return new Batches(tokens, sequences, accumulation, adds, order);
        }

        /** Tokens that an update learns from. */
        public long tokens() {
            return (long) context * sequences * accumulation;
        }
    }

    /**
     * AdamW's numbers.
     *
     * @param beta1 how much of the gradients' mean stays
     * @param beta2 how much of their squares' mean stays
     * @param epsilon of the denominator
     * @param decay of the weights
     * @param decaysVectors whether gains and biases decay, too, as in the official script; otherwise only matrices do, as in
     *     nanoGPT
     * @param clip the largest 2-norm of an update's gradients, or 0: they are not clipped
     */
    public record Optimizer(
            double beta1, double beta2, double epsilon, double decay, boolean decaysVectors, double clip) {
        /** 0.9, 0.95, 10⁻⁸; decay 0.1 of matrices; clipped to 1. */
        public static final Optimizer DEFAULT = new Optimizer(0.9, 0.95, 1e-8, 0.1, false, 1);

        /** @throws IllegalArgumentException for numbers that AdamW cannot have */
        public Optimizer {
            check("beta1", beta1, beta1 >= 0 && beta1 < 1, "0 to below 1");
            check("beta2", beta2, beta2 >= 0 && beta2 < 1, "0 to below 1");
            check("epsilon", epsilon, epsilon > 0 && epsilon <= 1, "above 0 to 1");
            check("weightDecay", decay, decay >= 0 && decay <= 1, "0 to 1");
            check("clip", clip, clip >= 0 && clip <= Float.MAX_VALUE, "0 (no clipping) or more");
        }

        private static void check(String name, double value, boolean right, String expected) {
            if (!right) {
                throw new IllegalArgumentException(name + ": expected " + expected + ", found " + value);
            }
        }

        /** What gradients of this norm are multiplied by. */
        double factor(double norm) {
            return clip == 0 ? 1 : Math.min(1, clip / (norm + 1e-6));
        }
    }

    /** Nothing may be null. */
    public TrainingOptions {
        Objects.requireNonNull(batches, "batches");
        Objects.requireNonNull(rate, "rate");
        Objects.requireNonNull(optimizer, "optimizer");
        Objects.requireNonNull(initialization, "initialization");
    }

    /**
     * What trains small models well: 8 sequences of the model's context an update, a rate of 2·10⁻³ that falls to a tenth
     * after a warm-up of a twentieth of the run, seed 0.
     *
     * @param updates how many updates the run has
     */
    public static TrainingOptions defaults(long updates) {
        return new TrainingOptions(
                new Batches(0, 8, 1, false, BatchOrder.Order.EPOCH),
                new LearningRate(2e-3, 2e-4, updates / 20, updates),
                Optimizer.DEFAULT, Initialization.SMALL, 0);
    }

    /** These options with other batches. */
    public TrainingOptions withBatches(Batches newBatches) {
        return new TrainingOptions(newBatches, rate, optimizer, initialization, seed);
    }

    /** These options with another learning rate, or number of updates. */
    public TrainingOptions withRate(LearningRate newRate) {
        return new TrainingOptions(batches, newRate, optimizer, initialization, seed);
    }

    /** These options with another optimizer. */
    public TrainingOptions withOptimizer(Optimizer newOptimizer) {
        return new TrainingOptions(batches, rate, newOptimizer, initialization, seed);
    }

    /** These options with another initialisation. */
    public TrainingOptions withInitialization(Initialization newInitialization) {
        return new TrainingOptions(batches, rate, optimizer, newInitialization, seed);
    }

    /** These options with another seed. */
    public TrainingOptions withSeed(long newSeed) {
        return new TrainingOptions(batches, rate, optimizer, initialization, newSeed);
    }
}
