package io.github.t6j.cli;

/**
 * Random weights whose every number depends on nothing but the seed, the tensor's name and the number's place: about
 * normal, with mean 0 and standard deviation 0.02.
 *
 * <p>Number i is made of the 64 bits that SplitMix64 (Steele, Lea, Flood 2014) gives for state key + (i + 1)·γ; their
 * four 16-bit parts are summed (Irwin and Hall), so that no number is more than 3.5 standard deviations from 0.
 */
final class RandomWeights implements Elements {
    private static final long GAMMA = 0x9E3779B97F4A7C15L;
    private static final int MEAN = 2 * 0xFFFF;
    /** A uniform 16-bit number's variance is (2^32 − 1) / 12. */
    private static final double DEVIATION = Math.sqrt(4 * (0x1p32 - 1) / 12);
    private static final float SCALE = (float) (0.02 / DEVIATION);

    private final long key;

    RandomWeights(long seed, String name) {
        long mixed = mix(seed + GAMMA);
        for (int i = 0; i < name.length(); i++) {
            mixed = mix(mixed + GAMMA * (name.charAt(i) + 1));
        }
        key = mixed;
    }

    @Override
    public void read(long from, float[] into, int n) {
        for (int i = 0; i < n; i++) {
            into[i] = at(from + i);
        }
    }

    private float at(long i) {
        long bits = mix(key + (i + 1) * GAMMA);
        long sum = (bits & 0xFFFF) + (bits >>> 16 & 0xFFFF) + (bits >>> 32 & 0xFFFF) + (bits >>> 48);
        return (sum - MEAN) * SCALE;
    }

    private static long mix(long z) {
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }
}
