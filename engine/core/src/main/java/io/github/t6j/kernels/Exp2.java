package io.github.t6j.kernels;

/**
 * Constants of the powers of two in softmax and activations. The scalar kernels, the SIMD kernels and their tiles share
 * them, so all compute the same bits.
 */
public final class Exp2 {
    private Exp2() {}

    /** Value of log₂(e). */
    public static final float LOG2_E = 1.44269504f;

    /** Constant that rounds a float below 2^22 to the nearest integer when it is added and subtracted again. */
    public static final float ROUNDING = 0x1.8p23f;

    /**
     * Rounding constant of 2^x: its sum with x has n + 127 in its lowest bits, where n is the nearest integer. Shifted
     * left by 23, they are the float 2^n, which multiplies the polynomial. NaN stays NaN.
     */
    public static final float EXP2_ROUNDING = ROUNDING + 127;

    // Coefficients of r, r², … in the minimax polynomial of 2^r on [−½, ½], 1.0 ulp over the range; its constant is 1.
    public static final float P1 = 0.693147215f;
    public static final float P2 = 0.2402265278f;
    public static final float P3 = 0.05550310551f;
    public static final float P4 = 0.009617692975f;
    public static final float P5 = 0.001340664391f;
    public static final float P6 = 0.000155946776f;

    /** Factor of x in the exponent of two of GELU's tanh form, −2·√(2/π)·log₂e. */
    public static final float GELU_LINEAR = (float) (-2 * 0.7978845608028654 * 1.4426950408889634);

    /** Factor of x³ in that exponent. */
    public static final float GELU_CUBIC = (float) (0.044715 * -2 * 0.7978845608028654 * 1.4426950408889634);

    /** Limit of the exponent of two in tanh, far above the point at which tanh becomes 1 in f32. */
    public static final float TANH_MAX = 60f;

    /** Limit below which 2^x counts as 0, so that results stay normal floats. */
    public static final float EXP2_MIN = -126f;

    /** Limit above which 2^x counts as 2^126, so that nothing overflows. */
    public static final float EXP2_MAX = 126f;

    /** Limit, in powers of two, to which a score may exceed the running maximum before the maximum follows. */
    public static final float LAZY_MAX = 12f;
}
