package io.github.t6j.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SamplerTest {
    private static final float NONE = Float.NEGATIVE_INFINITY;
    /** Options without steps except a temperature of 1, which has no effect: only the draw. */
    private static final SamplingOptions PLAIN = SamplingOptions.greedy().withTemperature(1).withSeed(42L);
    private static final float[] STAIRS = new float[64];

    static {
        for (int id = 0; id < STAIRS.length; id++) {
            STAIRS[id] = id * 37 % 64 / 16f;
        }
    }

    @Test
    void greedyChoosesTheMostLikelyAndTheLowestOfTies() {
        assertThat(sample(SamplingOptions.greedy(), 1, 3, 2, 3)).isEqualTo(1);
        assertThat(sample(SamplingOptions.greedy(), -5, NONE, -4)).isEqualTo(2);
        assertThat(sample(SamplingOptions.greedy(), 0f, -0f)).isZero();
        assertThat(sample(SamplingOptions.greedy(), -0f, 0f)).isZero();
    }

    @Test
    void greedyAppliesPenaltiesAndBias() {
        assertThat(sample(SamplingOptions.greedy().withLogitBias(Map.of(1, -2.5f)), 1, 3, 2)).isEqualTo(2);
        Sampler sampler = new Sampler(SamplingOptions.greedy().withRepetitionPenalty(2), 3, 3);
        sampler.prompt(1, 1);
        assertThat(sampler.sample(new float[] {1, 3, 1.25f})).isEqualTo(1);
        sampler.prompt(2);
        sampler.accept(1);
        assertThat(sampler.sample(new float[] {1.75f, 3, 2})).isZero();
    }

    @Test
    void idsOfThePromptDoNotCountAsGenerated() {
        Sampler sampler = new Sampler(SamplingOptions.greedy().withPresencePenalty(1.5f), 2, 2);
        sampler.prompt(1);
        assertThat(sampler.sample(new float[] {2, 3})).isEqualTo(1);
        sampler.accept(1);
        assertThat(sampler.sample(new float[] {2, 3})).isZero();
    }

    @Test
    void paddingIsNeverChosen() {
        float[] logits = {0, 1, 2, 50, 50};
        for (SamplingOptions options : new SamplingOptions[] {
            SamplingOptions.greedy(), PLAIN, PLAIN.withTopK(4), PLAIN.withTopP(0.9f), PLAIN.withMinP(0.001f)
        }) {
            Sampler sampler = new Sampler(options, 5, 3);
            sampler.prompt(3);
            sampler.accept(4);
            for (int i = 0; i < 200; i++) {
                assertThat(sampler.sample(logits)).isLessThan(3);
            }
        }
    }

    @Test
    void bannedIdsAreNeverDrawn() {
        Sampler sampler = new Sampler(PLAIN.withLogitBias(Map.of(0, NONE, 2, NONE)), 3, 3);
        for (int i = 0; i < 200; i++) {
            assertThat(sampler.sample(new float[] {9, 1, 9})).isEqualTo(1);
        }
    }

    /** With this seed the first random number is 0, which must not select an id of weight 0. */
    @Test
    void aRandomNumberOfZeroDrawsNoBannedId() {
        SamplingOptions options = PLAIN.withSeed(-0x9E3779B97F4A7C15L).withLogitBias(Map.of(0, NONE));
        assertThat(sample(options, 1, 1, 1)).isEqualTo(1);
        assertThat(sample(options.withLogitBias(Map.of()), 1, 1, 1)).isZero();
    }

    /**
     * The draws were recorded from an independent Python implementation of SplitMix64 and of the walk along the
     * weights.
     */
    @Test
    void seedGivesTheRecordedDraws() {
        assertThat(draws(PLAIN, STAIRS, 16))
                .containsExactly(48, 12, 19, 22, 3, 56, 15, 50, 21, 38, 14, 31, 32, 33, 41, 13);
        assertThat(draws(PLAIN.withSeed(-1L), STAIRS, 16))
                .containsExactly(57, 57, 15, 27, 43, 53, 60, 17, 50, 1, 2, 50, 1, 56, 15, 43);
    }

    @Test
    void drawsAreTheSameColdAndWarm() {
        SamplingOptions options = everything().withSeed(3L);
        int[] cold = draws(options, STAIRS, 50);
        draws(options, STAIRS, 30_000);
        assertThat(draws(options, STAIRS, 50)).isEqualTo(cold);
    }

    @Test
    void reusingARandomSeedRepeatsItsDraws() {
        Sampler sampler = new Sampler(PLAIN.withSeed(null), 64, 64);
        int[] drawn = new int[50];
        Arrays.setAll(drawn, i -> sampler.sample(STAIRS));
        assertThat(draws(PLAIN.withSeed(sampler.seed()), STAIRS, 50)).isEqualTo(drawn);
        assertThat(new Sampler(PLAIN.withSeed(null), 64, 64).seed()).isNotEqualTo(sampler.seed());
        assertThat(new Sampler(PLAIN, 64, 64).seed()).isEqualTo(42);
    }

    @Test
    void frequenciesMatchTheProbabilities() {
        SamplingOptions[] all = {
            PLAIN,
            PLAIN.withTemperature(0.5f),
            PLAIN.withTemperature(3),
            PLAIN.withTopK(5),
            PLAIN.withTopP(0.6f),
            PLAIN.withMinP(0.3f),
            PLAIN.withRepetitionPenalty(1.7f),
            PLAIN.withFrequencyPenalty(0.4f),
            PLAIN.withPresencePenalty(0.8f),
            PLAIN.withLogitBias(Map.of(0, 2f, 5, NONE)),
            everything()
        };
        float[] logits = {1.1f, -0.3f, 2.2f, 0.4f, 1.9f, 2.4f, -1.5f, 0.9f, 0, 7, 7};
        int[] prompt = {0, 1, 1, 2, 9};
        int[] generated = {2, 4, 4, 6};
        for (SamplingOptions options : all) {
            Sampler sampler = new Sampler(options, 11, 9);
            sampler.prompt(prompt);
            for (int id : generated) {
                sampler.accept(id);
            }
            int n = 40_000;
            int[] counts = new int[11];
            for (int i = 0; i < n; i++) {
                counts[sampler.sample(logits)]++;
            }
            double[] expected = Oracle.probabilities(options, Arrays.copyOf(logits, 9), prompt, generated);
            for (int id = 0; id < 9; id++) {
                double p = expected[id];
                assertThat(counts[id] / (double) n).as("%s, id %d", options, id)
                        .isCloseTo(p, within(4 * Math.sqrt(p * (1 - p) / n)));
            }
        }
    }

    @Test
    void logitsAreNotModified() {
        float[] logits = STAIRS.clone();
        draws(everything(), logits, 3);
        assertThat(logits).isEqualTo(STAIRS);
    }

    @Test
    void samplingDoesNotAllocate() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        Sampler sampler = new Sampler(everything().withTopK(200), 5000, 4990);
        Sampler greedy = new Sampler(SamplingOptions.greedy(), 5000, 4990);
        float[] logits = new float[5000];
        for (int id = 0; id < logits.length; id++) {
            logits[id] = id * 7919 % 5000 / 500f;
        }
        int[] prompt = {1, 2, 3};
        long bytes = Long.MAX_VALUE;
        // class loading and recompilation allocate, so wait for a stretch without allocations
        for (int round = 0; round < 20 && bytes > 0; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 100; i++) {
                sampler.prompt(prompt);
                sampler.accept(sampler.sample(logits));
                greedy.accept(greedy.sample(logits));
            }
            bytes = threads.getCurrentThreadAllocatedBytes() - before;
        }
        assertThat(bytes).isZero();
    }

    @Test
    void brokenLogitsAreAnError() {
        String damaged = ": the model computed it; are its weights damaged?";
        assertFails("logits: expected finite numbers or -Infinity, found NaN for id 2" + damaged, 1, NONE, Float.NaN);
        assertFails("logits: expected finite numbers or -Infinity, found Infinity for id 0" + damaged,
                Float.POSITIVE_INFINITY, 1);
        String none = "logits: expected an id that may be chosen, found -Infinity for all";
        assertFails(none + " ids, from the model, logitBias or a sampling step", NONE, NONE);
    }

    /**
     * Ids from the second on are padding here. They are never chosen, but a NaN in them also reveals damaged weights.
     */
    @Test
    void brokenPaddingIsAnError() {
        Sampler sampler = new Sampler(PLAIN, 2, 1);
        assertThatIllegalStateException()
                .isThrownBy(() -> sampler.sample(new float[] {1, Float.NaN}))
                .withMessageContaining("found NaN for id 1");
    }

    @Test
    void banningEveryIdIsAnError() {
        Map<Integer, Float> ban = Map.of(0, NONE, 1, NONE);
        for (SamplingOptions options : new SamplingOptions[] {SamplingOptions.greedy(), everything(), PLAIN}) {
            Sampler sampler = new Sampler(options.withLogitBias(ban), 3, 2);
            assertThatIllegalStateException()
                    .isThrownBy(() -> sampler.sample(new float[] {1, 2, 3}))
                    .withMessageContaining("found -Infinity for all ids, from the model, logitBias or a sampling step");
        }
    }

    @Test
    void invalidArgumentsAreRejected() {
        Sampler sampler = new Sampler(PLAIN, 4, 3);
        assertRefused("logits: expected 4 (the vocabulary's size), found 3", () -> sampler.sample(new float[3]));
        assertRefused("prompt: expected ids from 0 to 3, found 4", () -> sampler.prompt(0, 4));
        assertRefused("id: expected ids from 0 to 3, found -1", () -> sampler.accept(-1));
        assertRefused("sampleable: expected 1 to the vocabulary's 4, found 5", () -> new Sampler(PLAIN, 4, 5));
        assertRefused("sampleable: expected 1 to the vocabulary's 4, found 0", () -> new Sampler(PLAIN, 4, 0));
        assertRefused("logitBias: expected ids from 0 to 2, found 3",
                () -> new Sampler(PLAIN.withLogitBias(Map.of(3, 1f)), 4, 3));
        assertRefused("id: expected ids from 0 to 1, found 2", () -> Sampler.logProbability(new float[2], 2));
    }

    @Test
    void logProbabilityIsTheLogarithmOfTheSoftmax() {
        assertThat(Sampler.logProbability(new float[] {5, 5, 5, 5}, 2)).isEqualTo((float) -Math.log(4));
        assertThat(Sampler.logProbability(new float[] {1000, 0}, 0)).isZero();
        assertThat(Sampler.logProbability(new float[] {1000, 0}, 1)).isEqualTo(-1000);
        assertThat(Sampler.logProbability(new float[] {0, NONE}, 1)).isEqualTo(NONE);
        Random random = new Random(9);
        float[] logits = new float[500];
        double sum = 0;
        for (int id = 0; id < logits.length; id++) {
            logits[id] = 4 * (float) random.nextGaussian();
            sum += Math.exp(logits[id]);
        }
        for (int id = 0; id < logits.length; id++) {
            assertThat((double) Sampler.logProbability(logits, id))
                    .isCloseTo(Math.log(Math.exp(logits[id]) / sum), within(1e-6));
        }
    }

    private static SamplingOptions everything() {
        return SamplingOptions.defaults().withTemperature(0.9f).withTopK(6).withTopP(0.93f).withMinP(0.05f)
                .withRepetitionPenalty(1.2f).withFrequencyPenalty(0.3f).withPresencePenalty(0.2f)
                .withLogitBias(Map.of(3, 0.5f, 5, -0.5f)).withSeed(42);
    }

    private static int sample(SamplingOptions options, float... logits) {
        return new Sampler(options, logits.length, logits.length).sample(logits);
    }

    private static int[] draws(SamplingOptions options, float[] logits, int count) {
        Sampler sampler = new Sampler(options, logits.length, logits.length);
        int[] drawn = new int[count];
        for (int i = 0; i < count; i++) {
            drawn[i] = sampler.sample(logits);
            sampler.accept(drawn[i]);
        }
        return drawn;
    }

    private static void assertFails(String message, float... logits) {
        for (SamplingOptions options : new SamplingOptions[] {SamplingOptions.greedy(), PLAIN, everything()}) {
            Sampler sampler = new Sampler(options.withLogitBias(Map.of()), logits.length, logits.length);
            assertThatIllegalStateException().isThrownBy(() -> sampler.sample(logits)).withMessage(message);
        }
    }

    private static void assertRefused(String message, Runnable call) {
        assertThatIllegalArgumentException().isThrownBy(call::run).withMessage(message);
    }
}
