package io.github.t6j.sampling;

/**
 * Exponential function e^x for x ≤ 0. It only multiplies and adds doubles, so its bits are the same on every machine;
 * it is about twice as fast as {@link StrictMath#exp}.
 */
final class Exponential {
    private static final int STEPS = 64; // entries of the table from 1 to 2
    private static final double[] POWERS = new double[STEPS]; // 2^(i / 64)
    private static final double SCALE = STEPS / StrictMath.log(2);

    /** High part of ln 2 / 64, whose last bits are zero so that products with integers are exact; LOW is the rest. */
    private static final double HIGH = 0x1.62e42fefap-7;
    private static final double LOW = 0x1.cf79abc9e3b3ap-46;

    /** Rounding constant: adding it leaves the nearest integer in the last bits. */
    private static final double ROUNDING = 0x1.8p52;

    /** Smallest argument; below it results would be subnormal and are 0. */
    private static final double MIN_ARGUMENT = -708;

    static {
        for (int i = 0; i < STEPS; i++) {
            POWERS[i] = StrictMath.pow(2, (double) i / STEPS);
        }
    }

    private Exponential() {}

    /**
     * Returns e^x with a relative error below 2⁻⁵¹, as 2^(n / 64) · e^r, where n is the integer nearest to 64 x / ln 2
     * and r the rest, |r| &lt; 0.0055. NaN gives 0.
     */
    static double of(double x) {
        if (!(x >= MIN_ARGUMENT)) {
            return 0;
        }
        double shifted = x * SCALE + ROUNDING;
        double n = shifted - ROUNDING;
        double r = x - n * HIGH - n * LOW;
        double tail = r * r * (1d / 2 + r * (1d / 6 + r * (1d / 24 + r * (1d / 120))));
        long bits = Double.doubleToRawLongBits(shifted);
        double power = POWERS[(int) bits & STEPS - 1];
        double scale = Double.longBitsToDouble((bits << 46 >> 52) + 1023 << 52);
        return scale * (power + power * (r + tail));
    }
}
