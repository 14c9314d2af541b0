package io.github.t6j.cli.models;

import io.github.t6j.random.SplitMix64;

/**
 * Random weights that depend on nothing but the seed, the tensor's name and the element's index. They are about normal,
 * with mean 0 and standard deviation 0.02.
 *
 * <p>Element i is made of 64 bits. Their four 16-bit parts are summed (Irwin–Hall distribution), so that no element is
 * more than 3.5 standard deviations from 0.
 */
final class RandomWeights implements Elements {
    private static final int MEAN = 2 * 0xFFFF;
    /** Standard deviation of the sum; the variance of a uniform 16-bit number is (2^32 − 1) / 12. */
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
