package io.github.t6j.random;

/**
 * The generator SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators"): a counter
 * that advances by the golden ratio, and a mixing function of it. Own code, so that a seed means the same on every
 * version of the JDK.
 */
public final class SplitMix64 {
    private static final long GOLDEN_RATIO = 0x9E3779B97F4A7C15L;

    private long state;

    public SplitMix64(long seed) {
        state = seed;
    }

    /** The seed of the sequence that belongs to {@code name}, a tensor's for instance: each is independent of the others. */
    public static long seed(long seed, String name) {
        long mixed = mix(seed + GOLDEN_RATIO);
        for (int i = 0; i < name.length(); i++) {
            mixed = mix(mixed + GOLDEN_RATIO * (name.charAt(i) + 1));
        }
        return mixed;
    }

    /** The number at {@code index}, from 0, of the seed's sequence: what {@link #nextLong} gives after as many others. */
    public static long at(long seed, long index) {
        return mix(seed + (index + 1) * GOLDEN_RATIO);
    }

    /** 64 bits, each of which depends on all those of {@code z}; no two numbers give the same. */
    public static long mix(long z) {
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }

    public long nextLong() {
        state += GOLDEN_RATIO;
        return mix(state);
    }

    /** Uniform in [0, 1): a multiple of 2⁻⁵³. */
    public double nextDouble() {
        return (nextLong() >>> 11) * 0x1p-53;
    }
}
