package io.github.t6j.sampling;

import io.github.t6j.kernels.choice.KernelChoice;
import io.github.t6j.random.SplitMix64;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;

/**
 * Chooses ids from logits according to {@link SamplingOptions}. Record ids with {@link #prompt} and {@link #accept},
 * and get the next id from {@link #sample}. After construction, a sampler allocates only for a {@link SamplingStep}.
 * For one sequence and one thread.
 */
public final class Sampler {
    private final int vocabulary;
    private final boolean greedy;
    private final long seed;
    private final SplitMix64 random;
    private final History history;
    private final Candidates candidates;
    private final SamplingStep step; // the caller's, or null
    private final float[] edited; // [vocabulary], or empty without a caller's step
    private final Step[] steps;
    private int[] generated = new int[0]; // ids for the caller's step, with spare capacity
    private int generatedCount;

    /**
     * Creates a sampler.
     *
     * @param vocabulary number of logits
     * @param sampleable number of ids that may be chosen; the ids above are padding without text
     * @throws IllegalArgumentException if {@code sampleable} is not in 1 … {@code vocabulary} or excludes a biased id
     */
    public Sampler(SamplingOptions options, int vocabulary, int sampleable) {
        Objects.requireNonNull(options, "options");
        if (sampleable < 1 || sampleable > vocabulary) {
            throw new IllegalArgumentException(
                    "sampleable: expected 1 to the vocabulary's " + vocabulary + ", found " + sampleable);
        }
        for (int id : options.logitBias().keySet()) {
            checkId("logitBias", id, sampleable);
        }
        this.vocabulary = vocabulary;
        this.greedy = options.temperature() == 0;
        // below 2⁵³, so that programs that read JSON numbers as doubles can pass the seed back; greedy draws nothing
        this.seed = options.seed() != null ? options.seed() : greedy ? 0 : new SplittableRandom().nextLong(1L << 53);
        this.random = new SplitMix64(seed);
        this.history = new History(sampleable);
        this.candidates = new Candidates(sampleable);
        this.step = options.step();
        this.edited = new float[step == null ? 0 : vocabulary];
        this.steps = pipeline(options, history);
    }

    /** Returns the steps of {@code options} in order. A new step needs one more line here. */
    private static Step[] pipeline(SamplingOptions options, History history) {
        List<Step> pipeline = new ArrayList<>();
        if (options.repetitionPenalty() != 1) {
            pipeline.add(Step.repetitionPenalty(options.repetitionPenalty(), history));
        }
        if (options.frequencyPenalty() != 0 || options.presencePenalty() != 0) {
            pipeline.add(Step.frequencyPenalty(options.frequencyPenalty(), options.presencePenalty(), history));
        }
        if (!options.logitBias().isEmpty()) {
            pipeline.add(Step.logitBias(options.logitBias()));
        }
        if (options.temperature() == 0) {
            return pipeline.toArray(Step[]::new);
        }
        // before the temperature, which keeps the order: only K logits remain to divide
        if (options.topK() != 0) {
            pipeline.add(new TopK(options.topK()));
        }
        pipeline.add(Step.temperature(options.temperature()));
        if (options.topP() != 1) {
            pipeline.add(new TopP(options.topP()));
        }
        if (options.minP() != 0) {
            pipeline.add(Step.minP(options.minP()));
        }
        return pipeline.toArray(Step[]::new);
    }

    /** Returns the seed of the draws: from the options, or else random; 0 without draws, at temperature 0. */
    public long seed() {
        return seed;
    }

    /**
     * Records ids of the prompt for the repetition penalty.
     *
     * @throws IllegalArgumentException if an id is not below the vocabulary's size
     */
    public void prompt(int... ids) {
        Objects.requireNonNull(ids, "ids");
        for (int id : ids) {
            checkId("prompt", id, vocabulary);
        }
        for (int id : ids) {
            history.prompt(id);
        }
    }

    /**
     * Records a generated id for all penalties and for a {@link SamplingStep}.
     *
     * @throws IllegalArgumentException if the id is not below the vocabulary's size
     */
    public void accept(int id) {
        checkId("id", id, vocabulary);
        history.generated(id);
        if (step != null) {
            if (generatedCount == generated.length) {
                generated = Arrays.copyOf(generated, Math.max(64, 2 * generatedCount));
            }
            generated[generatedCount++] = id;
        }
    }

    /**
     * Chooses the next id. {@link #accept} records it.
     *
     * @param logits [vocabulary], not modified
     * @throws IllegalArgumentException if the number of logits is not the vocabulary's size
     * @throws IllegalStateException if a logit is NaN or positive infinity, or the logits of all ids that may be chosen
     *     are negative infinity, from the model, biases or a {@link SamplingStep}
     */
    public int sample(float[] logits) {
        Objects.requireNonNull(logits, "logits");
        checkLogits(logits, "the model computed it; are its weights damaged?");
        return choose(step == null ? logits : edited(logits));
    }

    /** Returns a copy of {@code logits} to which the caller's step was applied. */
    private float[] edited(float[] logits) {
        System.arraycopy(logits, 0, edited, 0, vocabulary);
        step.apply(edited, Arrays.copyOf(generated, generatedCount));
        checkLogits(edited, "the sampling step left it; to ban an id, set its logit to -Infinity");
        return edited;
    }

    private int choose(float[] logits) {
        int first = 0;
        if (steps.length > 0 && steps[0] instanceof TopK top) {
            top.load(candidates, logits);
            first = 1;
        } else {
            candidates.load(logits);
        }
        for (int i = first; i < steps.length; i++) {
            steps[i].apply(candidates);
        }
        return greedy ? candidates.mostLikely() : draw();
    }

    /** Draws a candidate with probability proportional to its weight. */
    private int draw() {
        // below the sum even when rounded, so that the loop, which adds in the same order, ends at a weight above 0
        double target = random.nextDouble() * candidates.weigh();
        int drawn = 0;
        double sum = candidates.weights[candidates.ids[0]];
        while (sum <= target) {
            sum += candidates.weights[candidates.ids[++drawn]];
        }
        return candidates.ids[drawn];
    }

    /**
     * Returns the natural logarithm of the probability of {@code id}: logit − ln Σ exp(logits), over all logits.
     * Returns NaN if the softmax is undefined: a logit is NaN or positive infinity, or all are negative infinity.
     *
     * @throws IllegalArgumentException if {@code id} is not an index of {@code logits}
     */
    public static float logProbability(float[] logits, int id) {
        Objects.requireNonNull(logits, "logits");
        checkId("id", id, logits.length);
        return KernelChoice.kernels().logProbability(logits, id);
    }

    private void checkLogits(float[] logits, String cause) {
        if (logits.length != vocabulary) {
            throw new IllegalArgumentException(
                    "logits: expected " + vocabulary + " (the vocabulary's size), found " + logits.length);
        }
        for (int id = 0; id < vocabulary; id++) {
            if (!(logits[id] < Float.POSITIVE_INFINITY)) { // true of NaN too
                throw new IllegalStateException(
                        "logits: expected finite numbers or -Infinity, found " + logits[id] + " for id " + id + ": "
                                + cause);
            }
        }
    }

    private static void checkId(String name, int id, int limit) {
        if (id < 0 || id >= limit) {
            throw new IllegalArgumentException(name + ": expected ids from 0 to " + (limit - 1) + ", found " + id);
        }
    }
}
