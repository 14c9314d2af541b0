package io.github.t6j.sampling;

/**
 * The generator SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators"): a counter
 * that advances by the golden ratio, and a mixing function of it. Own code, so that a seed means the same on every
 * version of the JDK.
 */
final class SplitMix64 {
    private static final long GOLDEN_RATIO = 0x9E3779B97F4A7C15L;

    private long state;

    SplitMix64(long seed) {
        state = seed;
    }

    long nextLong() {
        state += GOLDEN_RATIO;
        long z = state;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }

    /** Uniform in [0, 1): a multiple of 2⁻⁵³. */
    double nextDouble() {
        return (nextLong() >>> 11) * 0x1p-53;
    }
}
