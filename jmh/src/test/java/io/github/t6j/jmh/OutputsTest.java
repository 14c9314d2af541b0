package io.github.t6j.jmh;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Hashes of outputs, compared with the definition of CRC-32C. */
class OutputsTest {
    /** Castagnoli's polynomial, reflected. */
    private static final int POLYNOMIAL = 0x82F63B78;

    static long crc(float[]... outputs) {
        int sum = -1;
        for (float[] output : outputs) {
            for (float number : output) {
                for (int shift = 24; shift >= 0; shift -= 8) {
                    sum ^= Float.floatToRawIntBits(number) >>> shift & 0xFF;
                    for (int bit = 0; bit < 8; bit++) {
                        sum = sum >>> 1 ^ (sum & 1) * POLYNOMIAL;
                    }
                }
            }
        }
        return ~sum & 0xFFFFFFFFL;
    }

    @Test
    void outputsAreHashedAsOneText() {
        long seed = 20261201;
        SplittableRandom random = new SplittableRandom(seed);
        float[] first = BenchmarkSupport.floats(37, random);
        float[] second = BenchmarkSupport.floats((1 << 14) + 1, random); // a piece of the buffer, and one more

        assertThat(Outputs.hash(first, second)).as("seed %d", seed).isEqualTo(crc(first, second));
    }

    @Test
    void oneBitMakesAnotherHash() {
        float[] output = {1, 2, 3};
        long before = Outputs.hash(output);
        output[1] = Math.nextUp(output[1]);

        assertThat(Outputs.hash(output)).isNotEqualTo(before);
    }

    /** Copies of a cache are used alternately, but the warm-up repeats the first: each fork hashes the same numbers. */
    @Test
    void aStepHasTheSameHashInEveryFork() {
        assertThat(hashOfAStep()).isEqualTo(hashOfAStep()).isBetween(0L, 0xFFFFFFFFL);
        assertThat(Outputs.kernels()).startsWith("SIMD").contains(", scores tile ", ", values tile ");
    }

    private static long hashOfAStep() {
        DecodeAttentionBenchmark.Caches caches = new DecodeAttentionBenchmark.Caches();
        caches.attention = "gqa";
        caches.shape = "small";
        caches.context = 67;
        caches.cacheType = "bf16";
        caches.threads = 2;
        caches.batch = 3;
        caches.residency = "cached";
        caches.kernels = "simd";
        caches.prepare();
        caches.close();
        return Outputs.hash();
    }
}
