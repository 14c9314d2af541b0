package io.github.t6j.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.t6j.TestNumbers;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Tests each step by itself against an oracle that sorts all ids. */
class StepsTest {
    private static final long SEED = 77;

    @Test
    void topKKeepsTheLowestOfEqualIds() {
        assertThat(kept(new TopK(3), 1, 2, 1, 3, 1, 1)).containsExactly(0, 1, 3);
        assertThat(kept(new TopK(2), 0, 0, 0, 0)).containsExactly(0, 1);
        assertThat(kept(new TopK(1), 4, 4)).containsExactly(0);
    }

    @Test
    void topKAboveTheNumberOfIdsKeepsAll() {
        assertThat(kept(new TopK(3), 2, 1, 0)).containsExactly(0, 1, 2);
        assertThat(kept(new TopK(Integer.MAX_VALUE), 2, 1, 0)).containsExactly(0, 1, 2);
    }

    @Test
    void topKKeepsNegativeInfinityOnlyIfOtherIdsRunOut() {
        float no = Float.NEGATIVE_INFINITY;
        assertThat(kept(new TopK(2), no, 1, no, -1000)).containsExactly(1, 3);
        assertThat(kept(new TopK(3), no, 1, no, -1000)).containsExactly(0, 1, 3);
    }

    @Test
    void topPKeepsTheFewestIdsThatReachP() {
        // four equally likely ids: a quarter each, exactly
        assertThat(kept(new TopP(0.5), 1, 1, 1, 1)).containsExactly(0, 1);
        assertThat(kept(new TopP(Math.nextUp(0.5)), 1, 1, 1, 1)).containsExactly(0, 1, 2);
        assertThat(kept(new TopP(0.25), 1, 1, 1, 1)).containsExactly(0);
    }

    @Test
    void topPKeepsAtLeastOneId() {
        assertThat(kept(new TopP(Float.MIN_VALUE), 0, 2, 1)).containsExactly(1);
        assertThat(kept(new TopP(0.9), 5)).containsExactly(0);
    }

    @Test
    void minPIsRelativeToTheMostLikelyId() {
        float half = (float) Math.log(0.5);
        assertThat(kept(Step.minP(0.49), half, 0, half, -1)).containsExactly(0, 1, 2);
        assertThat(kept(Step.minP(0.51), half, 0, half, -1)).containsExactly(1);
        assertThat(kept(Step.minP(0.99), 3, 3, 2)).containsExactly(0, 1);
        assertThat(kept(Step.minP(Math.exp(-1)), 0, -1, Math.nextDown(-1f))).containsExactly(0, 1);
    }

    @Test
    void impossibleIdsAreAnError() {
        float no = Float.NEGATIVE_INFINITY;
        for (Step step : List.of(new TopP(0.5), Step.minP(0.5))) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> kept(step, no, no))
                    .withMessageContaining("found -Infinity for all");
        }
    }

    @Test
    void stepsKeepTheIdsThatSortingKeeps() {
        Random random = new Random(SEED);
        for (int round = 0; round < 3000; round++) {
            float[] logits = logits(random);
            int k = 1 + random.nextInt(logits.length + 1);
            double p = 1 - random.nextDouble();
            String as = "seed " + SEED + ", round " + round + ", k " + k + ", p " + p;
            assertThat(kept(new TopK(k), logits)).as(as).isEqualTo(sortedTopK(logits, k));
            assertThat(kept(new TopP(p), logits)).as(as).isEqualTo(sortedTopP(logits, p));
            assertThat(kept(Step.minP(p), logits)).as(as).isEqualTo(allWithMinP(logits, p));
        }
    }

    /** A step receives the candidates in the order that earlier steps left, which must not matter. */
    @Test
    void consecutiveStepsKeepTheIdsThatSortingKeeps() {
        Random random = new Random(SEED);
        for (int round = 0; round < 3000; round++) {
            float[] logits = logits(random);
            int k = 1 + random.nextInt(logits.length);
            double p = 1 - random.nextDouble();
            int[] best = sortedTopK(logits, k);
            float[] bestLogits = new float[k];
            for (int i = 0; i < k; i++) {
                bestLogits[i] = logits[best[i]];
            }
            int[] expected = IntStream.of(sortedTopP(bestLogits, p)).map(i -> best[i]).toArray();
            Candidates candidates = candidates(logits);
            new TopK(k).apply(candidates);
            new TopP(p).apply(candidates);
            assertThat(sorted(candidates)).as("seed %d, round %d, k %d, p %s", SEED, round, k, p).isEqualTo(expected);
        }
    }

    @Test
    void aLargeVocabularyKeepsTheIdsThatSortingKeeps() {
        Random random = new Random(SEED);
        float[] logits = TestNumbers.normal(random, 50_304, 3);
        for (int k : new int[] {1, 40, 1000, 50_303}) {
            assertThat(kept(new TopK(k), logits)).isEqualTo(sortedTopK(logits, k));
        }
        for (double p : new double[] {0.01, 0.5, 0.95, 0.9999}) {
            assertThat(kept(new TopP(p), logits)).isEqualTo(sortedTopP(logits, p));
        }
    }

    @Test
    void repetitionPenaltyAppliesOnceToEachSeenId() {
        History history = new History(5);
        for (int id : new int[] {0, 1, 1, 1}) {
            history.prompt(id);
        }
        history.generated(1);
        history.generated(2);
        history.generated(4);
        assertThat(changed(Step.repetitionPenalty(2, history), 3, -3, 5, 7, Float.NEGATIVE_INFINITY))
                .containsExactly(1.5, -6, 2.5, 7, Double.NEGATIVE_INFINITY);
    }

    @Test
    void frequencyAndPresencePenaltiesCountOnlyGeneratedIds() {
        History history = new History(4);
        for (int id : new int[] {0, 0, 1}) {
            history.prompt(id);
        }
        for (int id : new int[] {1, 2, 2, 2}) {
            history.generated(id);
        }
        assertThat(changed(Step.frequencyPenalty(0.5, 0.25, history), 1, 1, 1, 1)).containsExactly(1, 0.25, -0.75, 1);
        assertThat(changed(Step.frequencyPenalty(-0.5, 0, history), 1, 1, 1, 1)).containsExactly(1, 1.5, 2.5, 1);
    }

    @Test
    void paddingIsNotRecorded() {
        History history = new History(2);
        history.prompt(2);
        history.generated(3);
        assertThat(history.size()).isZero();
    }

    @Test
    void biasIsAdded() {
        Step bias = Step.logitBias(Map.of(0, 1.5f, 2, Float.NEGATIVE_INFINITY));
        assertThat(changed(bias, 1, 2, 3)).containsExactly(2.5, 2, Double.NEGATIVE_INFINITY);
    }

    @Test
    void temperatureDivides() {
        assertThat(changed(Step.temperature(0.5), 1, -2)).containsExactly(2, -4);
        assertThat(changed(Step.temperature(Float.MIN_VALUE), Float.MAX_VALUE)[0]).isFinite();
    }

    /** Returns logits with few distinct values, so that ties are frequent. */
    private static float[] logits(Random random) {
        float[] logits = new float[1 + random.nextInt(40)];
        int values = 1 + random.nextInt(12);
        for (int id = 0; id < logits.length; id++) {
            logits[id] = random.nextInt(values) * 0.375f - 2;
        }
        return logits;
    }

    private static Candidates candidates(float... logits) {
        Candidates candidates = new Candidates(logits.length);
        candidates.load(logits);
        return candidates;
    }

    private static int[] sorted(Candidates candidates) {
        return IntStream.of(candidates.ids).limit(candidates.size).sorted().toArray();
    }

    private static int[] kept(Step step, float... logits) {
        Candidates candidates = candidates(logits);
        step.apply(candidates);
        return sorted(candidates);
    }

    private static double[] changed(Step step, float... logits) {
        Candidates candidates = candidates(logits);
        step.apply(candidates);
        return candidates.logits;
    }

    private static Integer[] ranked(float[] logits) {
        Integer[] ids = IntStream.range(0, logits.length).boxed().toArray(Integer[]::new);
        Arrays.sort(ids, Comparator.comparing((Integer id) -> -logits[id])); // stable: ties stay ascending
        return ids;
    }

    private static int[] sortedTopK(float[] logits, int k) {
        return Arrays.stream(ranked(logits)).limit(k).mapToInt(Integer::intValue).sorted().toArray();
    }

    private static int[] sortedTopP(float[] logits, double p) {
        double total = 0;
        for (float logit : logits) {
            total += Math.exp(logit);
        }
        Integer[] ranked = ranked(logits);
        double sum = 0;
        int count = 0;
        while (sum / total < p && count < ranked.length) {
            sum += Math.exp(logits[ranked[count++]]);
        }
        return sortedTopK(logits, count);
    }

    private static int[] allWithMinP(float[] logits, double p) {
        double greatest = Math.exp(logits[ranked(logits)[0]]);
        return IntStream.range(0, logits.length).filter(id -> Math.exp(logits[id]) >= p * greatest).toArray();
    }
}
