package io.github.t6j.training;

/**
 * Random numbers of a tensor: SplitMix64 (Steele, Lea and Flood 2014) from a state that is made of a seed and a name. Own
 * code and StrictMath, so that a seed means the same on every machine and JDK.
 */
final class RandomValues {
    /** What SplitMix64's state advances by. */
    static final long GAMMA = 0x9E3779B97F4A7C15L;

    private long state;

    RandomValues(long seed, String name) {
        state = mix(seed + GAMMA);
        for (int i = 0; i < name.length(); i++) {
            state = mix(state + GAMMA * (name.charAt(i) + 1));
        }
    }

    /** SplitMix64's finalizer. */
    static long mix(long z) {
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }

    /** In [0, 1): a multiple of 2⁻⁵³. */
    private double next() {
        state += GAMMA;
        return (mix(state) >>> 11) * 0x1p-53;
    }

    /** Fills {@code values} uniformly from −bound to bound. */
    void uniform(double bound, float[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (bound * (2 * next() - 1));
        }
    }

    /** Fills {@code values} with normal numbers of mean 0, two at a time (Box and Muller 1958). */
    void normal(double deviation, float[] values) {
        for (int i = 0; i < values.length; i += 2) {
            double radius = deviation * Math.sqrt(-2 * StrictMath.log(1 - next()));
            double angle = 2 * Math.PI * next();
            values[i] = (float) (radius * StrictMath.cos(angle));
            if (i + 1 < values.length) {
                values[i + 1] = (float) (radius * StrictMath.sin(angle));
            }
        }
    }
}
