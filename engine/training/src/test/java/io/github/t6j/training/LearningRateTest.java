package io.github.t6j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LearningRateTest {
    /**
     * Expected rates are from the official script's function with its configs: 2000 updates of warm-up, max_iters
     * 100000.
     */
    @ParameterizedTest
    @CsvSource(textBlock = """
            6e-4, 3e-5, 0,      0
            6e-4, 3e-5, 1,      3e-7
            6e-4, 3e-5, 1000,   3e-4
            6e-4, 3e-5, 2000,   6e-4
            6e-4, 3e-5, 2001,   5.99999999853559e-4
            6e-4, 3e-5, 26500,  5.16525432638e-4
            6e-4, 3e-5, 51000,  3.15e-4
            6e-4, 3e-5, 75500,  1.13474567362e-4
            6e-4, 3e-5, 100000, 3e-5
            6e-4, 3e-5, 100001, 3e-5
            2e-4, 1e-5, 2001,   1.99999999951186e-4
            2e-4, 1e-5, 26500,  1.72175144213e-4
            2e-4, 1e-5, 75500,  3.78248557873e-5
            """)
    void ratesMatchTheOfficialSchedule(double maximum, double minimum, long update, double expected) {
        LearningRate rate = new LearningRate(maximum, minimum, 2000, 100_001);

        assertThat(rate.at(update)).isCloseTo(expected, within(2e-12 * maximum));
    }

    @Test
    void shortRunsHaveFiniteRates() {
        assertThat(new LearningRate(1e-3, 1e-4, 0, 1).at(0)).isEqualTo(1e-3);
        assertThat(new LearningRate(1e-3, 1e-4, 1, 2).at(1)).isEqualTo(1e-3);
        assertThat(new LearningRate(1e-3, 1e-4, 2, 2).at(1)).isEqualTo(5e-4);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0, 0, 1, maximum: expected above 0 and at most 1", "NaN, 0, 0, 1, maximum: expected above 0",
        "1e-3, 1e-2, 0, 1, minimum: expected 0 to the maximum", "1e-3, 0, 0, 0, updates: expected 1 to",
        "1e-3, 0, 9, 8, 'warmup: expected 0 to 8, the length of the run, found 9'", "1e-3, 0, -1, 8, warmup: expected 0"
    })
    void invalidSchedulesAreRejected(double maximum, double minimum, long warmup, long updates, String message) {
        assertThatThrownBy(() -> new LearningRate(maximum, minimum, warmup, updates))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    /** Expected rates are computed by hand from the formula. */
    @Test
    void aRenewedPlanContinuesTheDecay() {
        LearningRate first = new LearningRate(1e-3, 1e-4, 10, 110);
        LearningRate rate = first.renewed(59, 10, 209);
        assertThat(rate.at(58)).isEqualTo(first.at(58));
        assertThat(rate.at(59)).isCloseTo(5.571396837256635e-4, within(1e-15)).isEqualTo(first.at(59));
        assertThat(rate.at(134)).isCloseTo(2.3263319084660517e-4, within(1e-15));
        assertThat(rate.at(208)).isEqualTo(1e-4);
        assertThat(rate.updates()).isEqualTo(209);
    }

    @Test
    void aRenewedPlanContinuesTheWarmUp() {
        LearningRate first = new LearningRate(1e-3, 1e-4, 10, 110);
        LearningRate longer = first.renewed(5, 20, 400);
        assertThat(longer.at(5)).isEqualTo(5e-4);
        assertThat(longer.at(8)).isCloseTo(6e-4, within(1e-15));
        assertThat(longer.at(20)).isEqualTo(1e-3);
        LearningRate shorter = first.renewed(5, 2, 26);
        assertThat(shorter.warmup()).as("5 steps, shortened by 21 / 105").isEqualTo(6);
        assertThat(first.renewed(0, 2, 26)).isEqualTo(new LearningRate(1e-3, 1e-4, 2, 26));
    }

    @Test
    void aLengthenedRunRisesToTheCurveOfItsLength() {
        LearningRate rate = new LearningRate(1e-3, 1e-4, 10, 110).renewed(110, 116, 220);
        assertThat(rate.at(109)).isEqualTo(1e-4);
        assertThat(rate.at(110)).isEqualTo(1e-4);
        assertThat(rate.at(113)).isCloseTo(3.25e-4, within(1e-15));
        assertThat(rate.at(116)).isCloseTo(5.5e-4, within(1e-15));
        assertThat(rate.at(167)).isCloseTo(2.3423750727260813e-4, within(1e-15));
        assertThat(rate.at(219)).isEqualTo(1e-4);
        LearningRate again = rate.renewed(113, 120, 440);
        assertThat(again.at(113)).isEqualTo(rate.at(113));
        assertThat(again.at(120)).as("a quarter of 440").isCloseTo(1e-4 + 0.45e-3 * (1 + Math.sqrt(0.5)),
                within(1e-15));
    }

    /** The rate is the one before where a plan begins, the minimum at the end, and never outside the bounds. */
    @Test
    void renewedPlansAreContinuous() {
        for (long seed = 0; seed < 200; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            LearningRate rate = new LearningRate(1e-3, 1e-4, random.nextLong(40), 40 + random.nextLong(400));
            for (int k = 0; k < 8; k++) {
                long step = random.nextLong(Math.max(1, rate.plans().getLast().step()), rate.updates() + 1);
                long updates = step + 2 + random.nextLong(500);
                boolean rises = random.nextInt(4) == 0 || step == rate.updates();
                LearningRate next =
                        rate.renewed(step, rises ? step + 1 + (updates - step) / 20 : updates / 20, updates);
                assertThat(next.at(step)).as("seed %d, step %d of %s", seed, step, next)
                        .isCloseTo(rate.at(step), within(1e-15));
                assertThat(next.at(updates - 1)).as("seed %d, end of %s", seed, next)
                        .isCloseTo(1e-4, within(1e-15));
                for (long i = 0; i < updates; i++) {
                    assertThat(next.at(i)).as("seed %d, update %d of %s", seed, i, next).isBetween(0.0, 1e-3 + 1e-15);
                }
                rate = next;
            }
        }
    }
}
