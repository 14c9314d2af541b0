package io.github.t6j.kernels.scalar;

/**
 * Coefficients of minimax polynomials of the sine and cosine of half an angle, which the scalar and the SIMD kernels
 * share. Angles t are in turns, from −½ to ½: s = sin πt and c = cos πt give sin 2πt = 2sc and cos 2πt = (c − s)(c + s)
 * without a division into quadrants. The errors are below 5e-7.
 */
public final class Circle {
    private Circle() {}

    // sin πt = t · (S0 + S1 t² + S2 t⁴ + …)
    public static final float S0 = 3.1415927f;
    public static final float S1 = -5.1677127f;
    public static final float S2 = 2.5501633f;
    public static final float S3 = -0.5992522f;
    public static final float S4 = 0.08205045f;
    public static final float S5 = -0.007028469f;

    // cos πt = 1 + C1 t² + C2 t⁴ + …
    public static final float C1 = -4.934802f;
    public static final float C2 = 4.058709f;
    public static final float C3 = -1.3352121f;
    public static final float C4 = 0.23493756f;
    public static final float C5 = -0.024396716f;
}
