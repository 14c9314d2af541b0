package io.github.t6j.random;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SplitMix64Test {

    @Test
    void publishedNumbers() {
        SplitMix64 random = new SplitMix64(1234567);
        String[] published = {"6457827717110365317", "3203168211198807973", "9817491932198370423"};
        for (String number : published) {
            assertThat(Long.toUnsignedString(random.nextLong())).isEqualTo(number);
        }
    }

    /** Compares with the JDK's generator, which is the same algorithm by its authors, with the same stream of longs. */
    @ParameterizedTest
    @ValueSource(longs = {0, 1, -1, 42, Long.MIN_VALUE, Long.MAX_VALUE})
    void sameAsTheJdk(long seed) {
        SplitMix64 random = new SplitMix64(seed);
        SplittableRandom jdk = new SplittableRandom(seed);
        for (int i = 0; i < 1000; i++) {
            assertThat(random.nextLong()).isEqualTo(jdk.nextLong());
        }
    }

    @Test
    void doublesAreBelowOneAndUniform() {
        SplitMix64 random = new SplitMix64(5);
        int[] tenths = new int[10];
        for (int i = 0; i < 100_000; i++) {
            tenths[(int) (random.nextDouble() * 10)]++;
        }
        for (int count : tenths) {
            assertThat(count).isBetween(9_500, 10_500);
        }
    }
}
