package io.github.t6j.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class ExponentialTest {
    private static final long SEED = 11;

    @Test
    void resultsMatchTheJdk() {
        Random random = new Random(SEED);
        for (int i = 0; i < 1_000_000; i++) {
            double x = -Math.scalb(random.nextDouble(), random.nextInt(-60, 10)); // some are below -708
            double expected = StrictMath.exp(x);
            if (x >= -708) {
                assertThat(Exponential.of(x) / expected).as("seed %d, e^%s", SEED, x).isCloseTo(1, within(0x1p-51));
            } else {
                assertThat(Exponential.of(x)).as("seed %d, e^%s", SEED, x).isZero();
            }
        }
    }

    @Test
    void specialValues() {
        assertThat(Exponential.of(0)).isEqualTo(1);
        assertThat(Exponential.of(-0d)).isEqualTo(1);
        assertThat(Exponential.of(-Double.MIN_VALUE)).isEqualTo(1);
        assertThat(Exponential.of(-708)).isPositive();
        assertThat(Exponential.of(Math.nextDown(-708d))).isZero();
        assertThat(Exponential.of(Double.NEGATIVE_INFINITY)).isZero();
    }
}
