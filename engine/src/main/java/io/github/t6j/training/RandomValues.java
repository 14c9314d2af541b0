package io.github.t6j.training;

import io.github.t6j.random.SplitMix64;

/** Random values of a tensor. They use StrictMath, so a seed gives the same values on every machine and JDK. */
final class RandomValues {
    private final SplitMix64 random;

    RandomValues(long seed, String name) {
        random = new SplitMix64(SplitMix64.seed(seed, name));
    }

    /** Fills {@code values} with uniform numbers from −bound to bound. */
    void uniform(double bound, float[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (bound * (2 * random.nextDouble() - 1));
        }
    }

    /** Fills {@code values} with normal numbers of mean 0, in pairs (Box and Muller 1958). */
    void normal(double deviation, float[] values) {
        for (int i = 0; i < values.length; i += 2) {
            double radius = deviation * Math.sqrt(-2 * StrictMath.log(1 - random.nextDouble()));
            double angle = 2 * Math.PI * random.nextDouble();
            values[i] = (float) (radius * StrictMath.cos(angle));
            if (i + 1 < values.length) {
                values[i + 1] = (float) (radius * StrictMath.sin(angle));
            }
        }
    }
}
