package io.github.t6j.attention;

/** A factor that may be the same for every token, non-contextual (paper, section 4): head factors and features. */
public enum Factor {
    /** A_Q [h][R_Q]. */
    A_Q,
    /** B_Q [R_Q][d_b]. */
    B_Q,
    /** A_K [h][R_K]. */
    A_K,
    /** B_K [R_K][d_b], before RoPE. */
    B_K,
    /** A_V [h][R_V]. */
    A_V,
    /** B_V [R_V][e_b]. */
    B_V;

    /** Whether it is of heads, an A. */
    boolean isHeads() {
        return name().charAt(0) == 'A';
    }
}
