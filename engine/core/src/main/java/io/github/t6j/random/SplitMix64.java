package io.github.t6j.random;

/**
 * Random number generator SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators"): a
 * counter that advances by the golden ratio, and a mixing function of it. It does not use the JDK's generators, so a
 * seed gives the same numbers on every version of the JDK.
 */
public final class SplitMix64 {
    private static final long GOLDEN_RATIO = 0x9E3779B97F4A7C15L;

    private long state;

    public SplitMix64(long seed) {
        state = seed;
    }

    /**
     * Returns the seed of the sequence for {@code name}, such as a tensor's; sequences of different names are
     * independent.
     */
    public static long seed(long seed, String name) {
        long mixed = mix(seed + GOLDEN_RATIO);
        for (int i = 0; i < name.length(); i++) {
            mixed = mix(mixed + GOLDEN_RATIO * (name.charAt(i) + 1));
        }
        return mixed;
    }

    /**
     * Returns number {@code index}, from 0, of the sequence of {@code seed}, as {@link #nextLong} would after that many
     * others.
     */
    public static long at(long seed, long index) {
        return mix(seed + (index + 1) * GOLDEN_RATIO);
    }

    /** Returns 64 bits that each depend on all bits of {@code z}; a bijection. */
    public static long mix(long z) {
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }

    public long nextLong() {
        state += GOLDEN_RATIO;
        return mix(state);
    }

    /** Returns a uniform number in [0, 1), a multiple of 2⁻⁵³. */
    public double nextDouble() {
        return (nextLong() >>> 11) * 0x1p-53;
    }
}
