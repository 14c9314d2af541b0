package io.github.t6j.training;

import java.util.Objects;

/**
 * Options of a training run, immutable: {@link #defaults} and the methods that change one of them in a copy. The same
 * options, data and initial model give the same bits.
 */
public final class TrainingOptions {
    private final Values values;

    private record Values(
            Batches batches, LearningRate rate, Optimizer optimizer, Initialization initialization, long seed) {}

    private TrainingOptions(Values values) {
        this.values = values;
    }

    /** Batches of an update: {@link #accumulation} micro-batches of sequences · context tokens; immutable. */
    public static final class Batches {
        private final Values values;

        private record Values(int context, int sequences, int accumulation, boolean adds, BatchOrder.Order order) {
            Values {
                check("context", context >= 0 && context <= MAX_TOKENS, "0 to " + MAX_TOKENS, context);
                check("sequences", sequences >= 1 && sequences <= MAX_TOKENS, "1 to " + MAX_TOKENS, sequences);
                check("accumulation", accumulation >= 1 && accumulation <= MAX_TOKENS, "1 to " + MAX_TOKENS,
                        accumulation);
                check("sequences", (long) Math.max(1, context) * sequences <= MAX_TOKENS,
                        "at most " + MAX_TOKENS + " tokens at once",
                        sequences + " sequences of " + context + ": use fewer sequences or a shorter context");
            }
        }

        private Batches(Values values) {
            this.values = values;
        }

        private static final int MAX_TOKENS = 1 << 20;

        /**
         * Returns the defaults: 8 sequences of the model's context, one micro-batch, adjacent windows in random order.
         */
        public static Batches defaults() {
            return new Batches(new Values(0, 8, 1, false, BatchOrder.Order.EPOCH));
        }

        /** Returns the number of tokens of an update. */
        public long tokens() {
            return (long) values.context * values.sequences * values.accumulation;
        }

        /** Returns the tokens of a sequence, or 0 for the model's context length, or its window if that is shorter. */
        public int context() {
            return values.context;
        }

        /** Returns the sequences of a micro-batch; memory grows with it. */
        public int sequences() {
            return values.sequences;
        }

        /** Returns the micro-batches of an update. */
        public int accumulation() {
            return values.accumulation;
        }

        /**
         * Returns true if gradients of micro-batches are added, as the official script does; false if they are
         * averaged.
         */
        public boolean adds() {
            return values.adds;
        }

        /** Returns the order in which the data is read. */
        public BatchOrder.Order order() {
            return values.order;
        }

        /**
         * Returns these batches with sequences of another length; 0 as in {@link #context}.
         *
         * @throws IllegalArgumentException if it is out of range, or a micro-batch would have more than 1048576
         *     tokens
         */
        public Batches withContext(int context) {
            return new Batches(new Values(context, values.sequences, values.accumulation, values.adds, values.order));
        }

        /**
         * Returns these batches with another number of sequences of a micro-batch.
         *
         * @throws IllegalArgumentException if it is out of range, or a micro-batch would have more than 1048576
         *     tokens
         */
        public Batches withSequences(int sequences) {
            return new Batches(new Values(values.context, sequences, values.accumulation, values.adds, values.order));
        }

        /**
         * Returns these batches with another number of micro-batches of an update.
         *
         * @throws IllegalArgumentException if it is out of range, or a micro-batch would have more than 1048576
         *     tokens
         */
        public Batches withAccumulation(int accumulation) {
            return new Batches(new Values(values.context, values.sequences, accumulation, values.adds, values.order));
        }

        /** Returns these batches with gradients of micro-batches added (true) or averaged (false). */
        public Batches withAdds(boolean adds) {
            return new Batches(new Values(values.context, values.sequences, values.accumulation, adds, values.order));
        }

        /** Returns these batches in another order. */
        public Batches withOrder(BatchOrder.Order order) {
            Objects.requireNonNull(order, "order");
            return new Batches(new Values(values.context, values.sequences, values.accumulation, values.adds, order));
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Batches options && values.equals(options.values);
        }

        @Override
        public int hashCode() {
            return values.hashCode();
        }

        @Override
        public String toString() {
            return values.toString().replaceFirst("Values", "Batches");
        }
    }

    /** Parameters of AdamW and of gradient clipping, immutable. */
    public static final class Optimizer {
        private final Values values;

        private record Values(
                double beta1, double beta2, double epsilon, double decay, boolean decaysVectors, double clip) {
            Values {
                check("beta1", beta1 >= 0 && beta1 < 1, "0 to below 1", beta1);
                check("beta2", beta2 >= 0 && beta2 < 1, "0 to below 1", beta2);
                check("epsilon", epsilon > 0 && epsilon <= 1, "above 0 to 1", epsilon);
                check("decay", decay >= 0 && decay <= 1, "0 to 1", decay);
                check("clip", clip >= 0 && clip <= Float.MAX_VALUE, "0 (no clipping) or more", clip);
            }
        }

        private Optimizer(Values values) {
            this.values = values;
        }

        /**
         * Returns the defaults: β₁ 0.9, β₂ 0.95, ε 10⁻⁸, weight decay 0.1 of matrices only, gradients clipped to
         * norm 1.
         */
        public static Optimizer defaults() {
            return new Optimizer(new Values(0.9, 0.95, 1e-8, 0.1, false, 1));
        }

        /** Returns the factor that clips gradients of this norm. */
        double factor(double norm) {
            return values.clip == 0 ? 1 : Math.min(1, values.clip / (norm + 1e-6));
        }

        /** Returns the decay rate of the first moment, the mean of the gradients. */
        public double beta1() {
            return values.beta1;
        }

        /** Returns the decay rate of the second moment, the mean of their squares. */
        public double beta2() {
            return values.beta2;
        }

        /** Returns the number that is added to the denominator. */
        public double epsilon() {
            return values.epsilon;
        }

        /** Returns the weight decay λ. */
        public double decay() {
            return values.decay;
        }

        /**
         * Returns true if gains and biases also decay, as in the official script; false if only matrices do, as in
         * nanoGPT.
         */
        public boolean decaysVectors() {
            return values.decaysVectors;
        }

        /** Returns the largest 2-norm of an update's gradients, or 0 for no clipping. */
        public double clip() {
            return values.clip;
        }

        /**
         * Returns these parameters with another decay rate of the first moment.
         *
         * @throws IllegalArgumentException if it is out of range; the message gives the range
         */
        public Optimizer withBeta1(double beta1) {
            return new Optimizer(new Values(
                    beta1, values.beta2, values.epsilon, values.decay, values.decaysVectors, values.clip));
        }

        /**
         * Returns these parameters with another decay rate of the second moment.
         *
         * @throws IllegalArgumentException if it is out of range; the message gives the range
         */
        public Optimizer withBeta2(double beta2) {
            return new Optimizer(new Values(
                    values.beta1, beta2, values.epsilon, values.decay, values.decaysVectors, values.clip));
        }

        /**
         * Returns these parameters with another number added to the denominator.
         *
         * @throws IllegalArgumentException if it is out of range; the message gives the range
         */
        public Optimizer withEpsilon(double epsilon) {
            return new Optimizer(new Values(
                    values.beta1, values.beta2, epsilon, values.decay, values.decaysVectors, values.clip));
        }

        /**
         * Returns these parameters with another weight decay.
         *
         * @throws IllegalArgumentException if it is out of range; the message gives the range
         */
        public Optimizer withDecay(double decay) {
            return new Optimizer(new Values(
                    values.beta1, values.beta2, values.epsilon, decay, values.decaysVectors, values.clip));
        }

        /** Returns these parameters with decay of gains and biases as well (true), or of matrices only (false). */
        public Optimizer withDecaysVectors(boolean decaysVectors) {
            return new Optimizer(new Values(
                    values.beta1, values.beta2, values.epsilon, values.decay, decaysVectors, values.clip));
        }

        /**
         * Returns these parameters with another largest norm of gradients; 0 for no clipping.
         *
         * @throws IllegalArgumentException if it is out of range; the message gives the range
         */
        public Optimizer withClip(double clip) {
            return new Optimizer(new Values(
                    values.beta1, values.beta2, values.epsilon, values.decay, values.decaysVectors, clip));
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Optimizer options && values.equals(options.values);
        }

        @Override
        public int hashCode() {
            return values.hashCode();
        }

        @Override
        public String toString() {
            return values.toString().replaceFirst("Values", "Optimizer");
        }
    }

    static void check(String name, boolean right, String expected, Object found) {
        if (!right) {
            throw new IllegalArgumentException(name + ": expected " + expected + ", found " + found);
        }
    }

    /**
     * Returns defaults for small models: {@link Batches#defaults}, a learning rate that falls from 2·10⁻³ to a tenth
     * after a warm-up of a twentieth of the run, {@link Optimizer#defaults}, seed 0.
     *
     * @param updates number of updates of the run
     */
    public static TrainingOptions defaults(long updates) {
        return new TrainingOptions(new Values(
                Batches.defaults(), new LearningRate(2e-3, 2e-4, updates / 20, updates), Optimizer.defaults(),
                Initialization.SMALL, 0));
    }

    /** Returns the batches of an update. */
    public Batches batches() {
        return values.batches;
    }

    /** Returns the schedule of the learning rate, and the number of updates. */
    public LearningRate rate() {
        return values.rate;
    }

    /** Returns the parameters of AdamW and of gradient clipping. */
    public Optimizer optimizer() {
        return values.optimizer;
    }

    /** Returns the initialisation of a new model. */
    public Initialization initialization() {
        return values.initialization;
    }

    /** Returns the seed of new weights and of the order of the data. */
    public long seed() {
        return values.seed;
    }

    /** Returns these options with other batches. */
    public TrainingOptions withBatches(Batches batches) {
        Objects.requireNonNull(batches, "batches");
        return new TrainingOptions(new Values(
                batches, values.rate, values.optimizer, values.initialization, values.seed));
    }

    /** Returns these options with another learning rate or number of updates. */
    public TrainingOptions withRate(LearningRate rate) {
        Objects.requireNonNull(rate, "rate");
        return new TrainingOptions(new Values(
                values.batches, rate, values.optimizer, values.initialization, values.seed));
    }

    /** Returns these options with other parameters of the optimizer. */
    public TrainingOptions withOptimizer(Optimizer optimizer) {
        Objects.requireNonNull(optimizer, "optimizer");
        return new TrainingOptions(new Values(
                values.batches, values.rate, optimizer, values.initialization, values.seed));
    }

    /** Returns these options with another initialisation. */
    public TrainingOptions withInitialization(Initialization initialization) {
        Objects.requireNonNull(initialization, "initialization");
        return new TrainingOptions(new Values(
                values.batches, values.rate, values.optimizer, initialization, values.seed));
    }

    /** Returns these options with another seed. */
    public TrainingOptions withSeed(long seed) {
        return new TrainingOptions(new Values(
                values.batches, values.rate, values.optimizer, values.initialization, seed));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TrainingOptions options && values.equals(options.values);
    }

    @Override
    public int hashCode() {
        return values.hashCode();
    }

    @Override
    public String toString() {
        return values.toString().replaceFirst("Values", "TrainingOptions");
    }
}
