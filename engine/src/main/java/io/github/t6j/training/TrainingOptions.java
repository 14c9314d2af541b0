package io.github.t6j.training;

import java.util.Objects;

/**
 * Options of a training run. The same options, data and initial model give the same bits.
 *
 * @param batches batches of an update
 * @param rate schedule of the learning rate, and the number of updates
 * @param optimizer parameters of AdamW and of gradient clipping
 * @param initialization initialisation of a new model
 * @param seed seed of new weights and of the order of the data
 */
public record TrainingOptions(
        Batches batches, LearningRate rate, Optimizer optimizer, Initialization initialization, long seed) {

    /**
     * Batches of an update: {@code accumulation} micro-batches of {@code sequences · context} tokens.
     *
     * @param context tokens of a sequence, or 0 for the model's context length
     * @param sequences sequences of a micro-batch; memory grows with it
     * @param accumulation micro-batches of an update
     * @param adds true to add their gradients, as the official script does; false to average them
     * @param order order in which the data is read
     */
    public record Batches(int context, int sequences, int accumulation, boolean adds, BatchOrder.Order order) {
        private static final int MOST = 1 << 20;

        /** @throws IllegalArgumentException if a number is out of range */
        public Batches {
            Objects.requireNonNull(order, "order");
            check("context", context >= 0 && context <= MOST, "0 to " + MOST, context);
            check("batch", sequences >= 1 && sequences <= MOST, "1 to " + MOST, sequences);
            check("accumulate", accumulation >= 1 && accumulation <= MOST, "1 to " + MOST, accumulation);
            check("batch", (long) Math.max(1, context) * sequences <= MOST, "at most " + MOST + " tokens at once",
                    sequences + " sequences of " + context + ": use fewer sequences or a shorter context");
        }

        /** Returns these batches with sequences of another length. */
        public Batches withContext(int tokens) {
            return new Batches(tokens, sequences, accumulation, adds, order);
        }

        /** Returns the number of tokens of an update. */
        public long tokens() {
            return (long) context * sequences * accumulation;
        }
    }

    /**
     * Parameters of AdamW and of gradient clipping.
     *
     * @param beta1 decay rate of the first moment, the mean of the gradients
     * @param beta2 decay rate of the second moment, the mean of their squares
     * @param epsilon added to the denominator
     * @param decay weight decay λ
     * @param decaysVectors true to decay gains and biases, too, as in the official script; false to decay only
     *     matrices, as in nanoGPT
     * @param clip largest 2-norm of an update's gradients, or 0 for no clipping
     */
    public record Optimizer(
            double beta1, double beta2, double epsilon, double decay, boolean decaysVectors, double clip) {
        /** Defaults: β₁ 0.9, β₂ 0.95, ε 10⁻⁸, weight decay 0.1 of matrices only, gradients clipped to norm 1. */
        public static final Optimizer DEFAULT = new Optimizer(0.9, 0.95, 1e-8, 0.1, false, 1);

        /** @throws IllegalArgumentException if a number is out of range */
        public Optimizer {
            check("beta1", beta1 >= 0 && beta1 < 1, "0 to below 1", beta1);
            check("beta2", beta2 >= 0 && beta2 < 1, "0 to below 1", beta2);
            check("epsilon", epsilon > 0 && epsilon <= 1, "above 0 to 1", epsilon);
            check("weightDecay", decay >= 0 && decay <= 1, "0 to 1", decay);
            check("clip", clip >= 0 && clip <= Float.MAX_VALUE, "0 (no clipping) or more", clip);
        }

        /** Returns the factor that clips gradients of this norm. */
        double factor(double norm) {
            return clip == 0 ? 1 : Math.min(1, clip / (norm + 1e-6));
        }
    }

    /** @throws NullPointerException if an argument is null */
    public TrainingOptions {
        Objects.requireNonNull(batches, "batches");
        Objects.requireNonNull(rate, "rate");
        Objects.requireNonNull(optimizer, "optimizer");
        Objects.requireNonNull(initialization, "initialization");
    }

    static void check(String name, boolean right, String expected, Object found) {
        if (!right) {
            throw new IllegalArgumentException(name + ": expected " + expected + ", found " + found);
        }
    }

    /**
     * Returns defaults for small models: 8 sequences of the model's context per update, a learning rate that falls from
     * 2·10⁻³ to a tenth after a warm-up of a twentieth of the run, seed 0.
     *
     * @param updates number of updates of the run
     */
    public static TrainingOptions defaults(long updates) {
        return new TrainingOptions(
                new Batches(0, 8, 1, false, BatchOrder.Order.EPOCH),
                new LearningRate(2e-3, 2e-4, updates / 20, updates),
                Optimizer.DEFAULT, Initialization.SMALL, 0);
    }

    /** Returns these options with other batches. */
    public TrainingOptions withBatches(Batches newBatches) {
        return new TrainingOptions(newBatches, rate, optimizer, initialization, seed);
    }

    /** Returns these options with another learning rate or number of updates. */
    public TrainingOptions withRate(LearningRate newRate) {
        return new TrainingOptions(batches, newRate, optimizer, initialization, seed);
    }

    /** Returns these options with other parameters of the optimizer. */
    public TrainingOptions withOptimizer(Optimizer newOptimizer) {
        return new TrainingOptions(batches, rate, newOptimizer, initialization, seed);
    }

    /** Returns these options with another initialisation. */
    public TrainingOptions withInitialization(Initialization newInitialization) {
        return new TrainingOptions(batches, rate, optimizer, newInitialization, seed);
    }

    /** Returns these options with another seed. */
    public TrainingOptions withSeed(long newSeed) {
        return new TrainingOptions(batches, rate, optimizer, initialization, newSeed);
    }
}
