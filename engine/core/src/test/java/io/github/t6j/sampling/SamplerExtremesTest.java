package io.github.t6j.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the ends of all ranges: no overflow, no NaN, no banned id, and the lowest of equally likely ids. */
class SamplerExtremesTest {
    private static final long SEED = 5;
    private static final float NONE = Float.NEGATIVE_INFINITY;
    private static final SamplingOptions PLAIN = SamplingOptions.greedy().withTemperature(1).withSeed(SEED);
    private static final float[] VALUES = {
        NONE, -Float.MAX_VALUE, -1, -Float.MIN_VALUE, -0f, 0, Float.MIN_VALUE, 1, Math.nextUp(1f), Float.MAX_VALUE};

    /** Options that leave only one id, the most likely. */
    private static final List<UnaryOperator<SamplingOptions>> ONE = List.of(
            options -> options.withTemperature(0),
            options -> options.withTopK(1),
            options -> options.withTopK(1).withTemperature(Float.MIN_VALUE),
            options -> options.withTopK(1).withTemperature(Float.MAX_VALUE),
            options -> options.withTemperature(1e-30f).withTopP(Float.MIN_VALUE),
            options -> options.withTopP(Float.MIN_VALUE),
            options -> options.withTopK(Integer.MAX_VALUE).withTopP(Float.MIN_VALUE).withMinP(Math.nextDown(1f)));

    private static int[] draws(SamplingOptions options, int count, float... logits) {
        Sampler sampler = new Sampler(options, logits.length, logits.length);
        int[] drawn = new int[count];
        Arrays.setAll(drawn, i -> sampler.sample(logits));
        return drawn;
    }

    /**
     * Oracle: penalties and bias in the order of {@link SamplingOptions}, then the lowest id with the greatest logit.
     */
    private static int mostLikely(SamplingOptions options, float[] logits, int[] prompt, int[] generated) {
        int best = -1;
        double greatest = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < logits.length; i++) {
            int id = i;
            long times = Arrays.stream(generated).filter(other -> other == id).count();
            double score = logits[id];
            if (times > 0 || Arrays.stream(prompt).anyMatch(other -> other == id)) {
                double penalty = options.repetitionPenalty();
                score = score > 0 ? score / penalty : score * penalty;
            }
            if (times > 0) {
                score -= times * (double) options.frequencyPenalty() + options.presencePenalty();
            }
            score += options.logitBias().getOrDefault(id, 0f);
            if (score > greatest) {
                best = id;
                greatest = score;
            }
        }
        return best;
    }

    @Test
    void theMostLikelyIdMatchesTheDefinition() {
        Random random = new Random(SEED);
        float[] extremes = {Float.MIN_VALUE, 1e-30f, 1, 1e30f, Float.MAX_VALUE};
        float[] additions = {-Float.MAX_VALUE, -1, 0, Float.MIN_VALUE, 1, Float.MAX_VALUE};
        for (int round = 0; round < 5000; round++) {
            int size = 1 + random.nextInt(12);
            float[] logits = new float[size];
            for (int id = 0; id < size; id++) {
                logits[id] = VALUES[random.nextInt(VALUES.length)];
            }
            int[] prompt = random.ints(random.nextInt(4), 0, size).toArray();
            int[] generated = random.ints(random.nextInt(4), 0, size).toArray();
            SamplingOptions penalised = SamplingOptions.greedy().withRepetitionPenalty(extremes[random.nextInt(5)])
                    .withFrequencyPenalty(additions[random.nextInt(6)])
                    .withPresencePenalty(additions[random.nextInt(6)]);
            Map<Integer, Float> bias = random.nextBoolean()
                    ? Map.of()
                    : Map.of(random.nextInt(size), random.nextInt(3) == 0 ? NONE : additions[random.nextInt(6)]);
            SamplingOptions options = penalised.withTemperature(1).withLogitBias(bias).withSeed(SEED);
            int expected = mostLikely(options, logits, prompt, generated);
            for (int way = 0; way < ONE.size() && expected >= 0; way++) {
                Sampler sampler = new Sampler(ONE.get(way).apply(options), size, size);
                sampler.prompt(prompt);
                Arrays.stream(generated).forEach(sampler::accept);
                assertThat(sampler.sample(logits)).as(
                        "seed %d, round %d, way %d: %s of %s after %s, %s", SEED, round, way, options,
                        Arrays.toString(logits), Arrays.toString(prompt), Arrays.toString(generated))
                        .isEqualTo(expected);
            }
        }
    }

    /** Equally likely ids stay equally likely: all of the most likely ids are drawn, and no others. */
    @ParameterizedTest
    @ValueSource(floats = {1e-30f, Float.MIN_VALUE, Float.MIN_NORMAL})
    void aTinyTemperatureDrawsOnlyTheMostLikelyIds(float temperature) {
        SamplingOptions options = PLAIN.withTemperature(temperature);
        assertThat(draws(options, 200, 1, 3, Math.nextDown(3f), 3, NONE)).containsOnly(1, 3);
        assertThat(draws(options, 50, -Float.MAX_VALUE, Float.MAX_VALUE, NONE)).containsOnly(1);
        assertThat(draws(options, 50, NONE, -Float.MAX_VALUE, NONE)).containsOnly(1);
    }

    @Test
    void aHugeTemperatureMakesAllIdsEquallyLikely() {
        int n = 40_000;
        int[] counts = new int[5];
        for (int id : draws(PLAIN.withTemperature(Float.MAX_VALUE), n, -100, 0, 50, NONE, 1000)) {
            counts[id]++;
        }
        assertThat(counts[3]).isZero();
        for (int id : new int[] {0, 1, 2, 4}) {
            assertThat(counts[id] / (double) n).as("id " + id).isCloseTo(0.25, within(4 * Math.sqrt(0.1875 / n)));
        }
    }

    @Test
    void topKAboveTheVocabularyKeepsAllIds() {
        float[] logits = {0.5f, 2, -1, 2, 0, NONE, 1};
        int[] all = draws(PLAIN, 300, logits);
        assertThat(all).contains(0, 1, 2, 3, 4, 6).doesNotContain(5);
        for (int k : new int[] {0, 7, 8, Integer.MAX_VALUE}) {
            assertThat(draws(PLAIN.withTopK(k), 300, logits)).as("k " + k).isEqualTo(all);
        }
    }

    /** The oracle is the JDK's SplitMix64 and a walk along the cumulative probabilities. */
    @ParameterizedTest
    @ValueSource(longs = {Long.MIN_VALUE, Long.MAX_VALUE, 0, -1, 1L << 53})
    void extremeSeedsDrawAsTheOracle(long seed) {
        float[] logits = {0.3f, 1.7f, -2, 0, 1.1f, -0.4f};
        double total = 0;
        for (float logit : logits) {
            total += Math.exp(logit);
        }
        SplittableRandom random = new SplittableRandom(seed);
        int[] expected = new int[100];
        for (int i = 0; i < expected.length; i++) {
            double left = random.nextDouble() * total;
            int id = 0;
            while (left >= Math.exp(logits[id])) {
                left -= Math.exp(logits[id++]);
            }
            expected[i] = id;
        }
        assertThat(draws(PLAIN.withSeed(seed), 100, logits)).isEqualTo(expected);
        assertThat(new Sampler(PLAIN.withSeed(seed), 6, 6).seed()).isEqualTo(seed);
    }

    @Test
    void aVocabularyOfOneId() {
        for (UnaryOperator<SamplingOptions> way : ONE) {
            assertThat(draws(way.apply(PLAIN), 3, -Float.MAX_VALUE)).containsOnly(0);
        }
        assertThat(Sampler.logProbability(new float[] {Float.MAX_VALUE}, 0)).isZero();
    }

    /** {@link Sampler#logProbability} returns NaN if the softmax is undefined. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 16, 31, 64, 1000})
    void logProbabilityIsNaNWithoutASoftmax(int size) {
        for (float broken : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
            for (int at : new int[] {0, size / 2, size - 1}) {
                float[] logits = new float[size];
                logits[at] = broken;
                for (int id : new int[] {0, at, size - 1}) {
                    assertThat(Sampler.logProbability(logits, id)).as(broken + " at " + at).isNaN();
                }
            }
        }
        float[] none = new float[size];
        Arrays.fill(none, NONE);
        assertThat(Sampler.logProbability(none, size - 1)).isNaN();
    }
}
