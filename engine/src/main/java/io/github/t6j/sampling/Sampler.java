package io.github.t6j.sampling;

import io.github.t6j.kernels.KernelChoice;
import io.github.t6j.random.SplitMix64;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Chooses ids from logits as {@link SamplingOptions} say. Tell it what was seen with {@link #prompt} and
 * {@link #accept}, ask for the next id with {@link #sample}. After construction nothing is allocated, unless there is a
 * {@link SamplingStep}. For one sequence and one thread.
 */
public final class Sampler {
    private final int vocabulary;
    private final boolean greedy;
    private final long seed;
    private final SplitMix64 random;
    private final History history;
    private final Candidates candidates;
    private final SamplingStep own; // null: none
    private final float[] edited; // [vocabulary], if there is an own step
    private final Step[] steps;
    private int[] generated = new int[0]; // kept for the own step, with room behind
    private int generatedCount;

    /**
     * @param vocabulary number of logits
     * @param sampleable number of ids that may be chosen; those from it on are padding, without a text
     * @throws IllegalArgumentException if sampleable is not in 1…vocabulary, or a bias is for an id from
     *     it on
     */
    public Sampler(SamplingOptions options, int vocabulary, int sampleable) {
        if (sampleable < 1 || sampleable > vocabulary) {
            throw new IllegalArgumentException(
                    "sampleable: expected 1 to the vocabulary's " + vocabulary + ", found " + sampleable);
        }
        for (int id : options.logitBias().keySet()) {
            checkId("logitBias", id, sampleable);
        }
        this.vocabulary = vocabulary;
        this.greedy = options.temperature() == 0;
        // below 2⁵³, so that a program that reads JSON numbers as doubles can give the seed back
        this.seed = options.seed() != null ? options.seed() : new SplittableRandom().nextLong(1L << 53);
        this.random = new SplitMix64(seed);
        this.history = new History(sampleable);
        this.candidates = new Candidates(sampleable);
        this.own = options.step();
        this.edited = new float[own == null ? 0 : vocabulary];
        this.steps = pipeline(options, history);
    }

    /** The steps that {@code options} ask for, in order. A new step is one more line here. */
    private static Step[] pipeline(SamplingOptions options, History history) {
        List<Step> steps = new ArrayList<>();
        if (options.penalties().repetition() != 1) {
            steps.add(new RepetitionPenalty(options.penalties().repetition(), history));
        }
        if (options.penalties().frequency() != 0 || options.penalties().presence() != 0) {
            steps.add(new FrequencyPenalty(options.penalties().frequency(), options.penalties().presence(), history));
        }
        if (!options.logitBias().isEmpty()) {
            steps.add(new LogitBias(options.logitBias()));
        }
        if (options.temperature() == 0) {
            return steps.toArray(Step[]::new);
        }
        // before the temperature, which does not change the order: K logits to divide, not all
        if (options.topK() != 0) {
            steps.add(new TopK(options.topK()));
        }
        steps.add(new Temperature(options.temperature()));
        if (options.topP() != 1) {
            steps.add(new TopP(options.topP()));
        }
        if (options.minP() != 0) {
            steps.add(new MinP(options.minP()));
        }
        return steps.toArray(Step[]::new);
    }

    /** The seed of the draws: that of the options, or the random one that was picked in its place. */
    public long seed() {
        return seed;
    }

    /**
     * Records ids of the prompt, which the repetition penalty counts.
     *
     * @throws IllegalArgumentException if one is not below the vocabulary's size
     */
    public void prompt(int... ids) {
        for (int id : ids) {
            checkId("prompt", id, vocabulary);
            history.prompt(id);
        }
    }

    /**
     * Records a generated id, which all penalties count and a {@link SamplingStep} is told.
     *
     * @throws IllegalArgumentException if it is not below the vocabulary's size
     */
    public void accept(int id) {
        checkId("id", id, vocabulary);
        history.generated(id);
        if (own != null) {
            if (generatedCount == generated.length) {
                generated = Arrays.copyOf(generated, Math.max(64, 2 * generatedCount));
            }
            generated[generatedCount++] = id;
        }
    }

    /**
     * The next id; it is not recorded before {@link #accept}.
     *
     * @param logits [vocabulary], not changed
     * @throws IllegalArgumentException if the number of logits is not the vocabulary's size
     * @throws IllegalStateException if a logit is NaN or positive infinity, or every id that may be chosen has negative
     *     infinity, from the model, by its bias or by a {@link SamplingStep}
     */
    public int sample(float[] logits) {
        checkLogits(logits, "the model produced it: are its weights damaged?");
        return choose(own == null ? logits : edited(logits));
    }

    /** What the own step makes of {@code logits}. */
    private float[] edited(float[] logits) {
        System.arraycopy(logits, 0, edited, 0, vocabulary);
        own.apply(edited, Arrays.copyOf(generated, generatedCount));
        checkLogits(edited, "the step of the sampling options left it: ban an id by -Infinity");
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
        return greedy ? candidates.likeliest() : draw();
    }

    /** A candidate, each with the probability that its weight has in the sum of all. */
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
     * The natural logarithm of the probability of {@code id}: logit − ln Σ exp(logits), over all logits. NaN if a logit is
     * NaN or positive infinity, or all are negative infinity: there is no softmax then.
     *
     * @throws IllegalArgumentException if there is no such id
     */
    public static float logProbability(float[] logits, int id) {
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
                        "logits: expected numbers, found " + logits[id] + " for id " + id + "; " + cause);
            }
        }
    }

    private static void checkId(String name, int id, int limit) {
        if (id < 0 || id >= limit) {
            throw new IllegalArgumentException(name + ": expected ids from 0 to " + (limit - 1) + ", found " + id);
        }
    }
}
