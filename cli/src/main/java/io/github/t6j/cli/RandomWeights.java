package io.github.t6j.cli;

import io.github.t6j.random.SplitMix64;

/**
 * Random weights whose every number depends on nothing but the seed, the tensor's name and the number's place: about
 * normal, with mean 0 and standard deviation 0.02.
 *
 * <p>Number i is made of 64 bits; their four 16-bit parts are summed (Irwin and Hall), so that no number is more than 3.5
 * standard deviations from 0.
 */
final class RandomWeights implements Elements {
    private static final int MEAN = 2 * 0xFFFF;
    /** A uniform 16-bit number's variance is (2^32 − 1) / 12. */
    private static final double DEVIATION = Math.sqrt(4 * (0x1p32 - 1) / 12);
    private static final float SCALE = (float) (0.02 / DEVIATION);

    private final long key;

    RandomWeights(long seed, String name) {
        key = SplitMix64.seed(seed, name);
    }

    @Override
    public void read(long from, float[] into, int n) {
        for (int i = 0; i < n; i++) {
            into[i] = at(from + i);
        }
    }

    private float at(long i) {
        long bits = SplitMix64.at(key, i);
        long sum = (bits & 0xFFFF) + (bits >>> 16 & 0xFFFF) + (bits >>> 32 & 0xFFFF) + (bits >>> 48);
        return (sum - MEAN) * SCALE;
    }
}
