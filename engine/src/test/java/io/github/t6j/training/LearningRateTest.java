package io.github.t6j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

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
}
