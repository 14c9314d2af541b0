package io.github.t6j.cli.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import java.util.function.DoubleBinaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs with a simulated clock. Each uses 90 to 105 % of its budget, and makes nearly the steps that fit. */
class TimeBudgetTest {
    private static final long PROVISIONAL = 1 << 20;

    private double now;
    private long steps;
    private long renewals;
    private double secondsOfEvaluations;

    /**
     * Simulates a run.
     *
     * @param start seconds before the first step
     * @param cost seconds of a step, by its number and the time
     * @param evaluation seconds of an evaluation
     */
    private void run(double seconds, double start, DoubleBinaryOperator cost, double evaluation, long planned) {
        now = 0;
        steps = 0;
        renewals = 0;
        secondsOfEvaluations = 0;
        TimeBudget budget = new TimeBudget(() -> now, seconds, Long.MAX_VALUE);
        now = start;
        budget.worked();
        long[] evaluated = {0};
        for (long updates = planned; steps < updates;) {
            now += cost.applyAsDouble(steps, now);
            steps++;
            budget.stepped();
            long before = updates;
            updates = budget.updates(
                    steps, updates, 2 * evaluation,
                    all -> 1 + Math.max(0, all - 1 - evaluated[0]) / Math.max(1, Math.ceilDiv(all, 10)));
            renewals += updates == before ? 0 : 1;
            if (steps >= updates || steps >= evaluated[0] + Math.ceilDiv(updates, 10)) {
                now += evaluation;
                secondsOfEvaluations += evaluation;
                evaluated[0] = steps;
                budget.evaluated();
            }
        }
    }

    private void assertUsed(double seconds) {
        assertThat(now / seconds).as("share of the budget, after %d steps", steps).isBetween(0.9, 1.05);
    }

    @ParameterizedTest
    @ValueSource(doubles = {60, 1800, 36_000})
    void aConstantSpeedNeedsFewPlans(double seconds) {
        run(seconds, 1, (step, time) -> 0.2, 0.5, PROVISIONAL);
        assertUsed(seconds);
        assertThat(0.2 * steps + secondsOfEvaluations).isGreaterThan(0.95 * seconds - 1);
        assertThat(renewals).isBetween(1L, 4L);
    }

    @Test
    void aSpeedThatDropsToAThird() {
        run(60, 1, (step, time) -> time < 30 ? 0.1 : 0.3, 0.5, PROVISIONAL);
        assertUsed(60);
    }

    @Test
    void aSpeedThatRisesNearTheEnd() {
        run(60, 1, (step, time) -> time < 52 ? 0.9 : 0.1, 0.5, PROVISIONAL);
        assertUsed(60);
    }

    @Test
    void firstStepsThatAreTenTimesSlower() {
        run(60, 3, (step, time) -> time < 9 ? 2 : 0.2, 0.5, PROVISIONAL);
        assertUsed(60);
        assertThat(steps).isGreaterThan(180);
    }

    /** The first step waits for another program. */
    @Test
    void aFirstStepThatTakesAThirdOfTheBudget() {
        run(60, 1, (step, time) -> step == 0 ? 20 : 0.2, 0.5, PROVISIONAL);
        assertUsed(60);
        assertThat(steps).isGreaterThan(150);
    }

    /** Each step takes up to half longer or shorter, and the program stands still twice. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void noiseAndPauses(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        run(60, 1, (step, time) -> (step == 20 || step == 150 ? 5 : 0) + 0.15 * random.nextDouble(0.5, 1.5), 0.6,
                PROVISIONAL);
        assertUsed(60);
    }

    @Test
    void aFirstPlanThatIsTooShort() {
        run(60, 1, (step, time) -> 0.2, 0.5, 10);
        assertUsed(60);
    }

    @Test
    void stepsThatAreATenthOfTheBudget() {
        run(60, 1, (step, time) -> 6.5, 0.5, PROVISIONAL);
        assertUsed(60);
    }

    @Test
    void stepsThatAreTooLongEndBeforeTheBudget() {
        run(60, 1, (step, time) -> 22, 0.5, PROVISIONAL);
        assertThat(steps).isEqualTo(2);
        run(60, 70, (step, time) -> 0.2, 0.5, 1);
        assertThat(steps).isEqualTo(1);
    }
}
