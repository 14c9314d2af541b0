package io.github.t6j.attention.tpa.forms;

import io.github.t6j.attention.TensorRole;

/**
 * Factors of TPA, head factors A and features B. Each may be fixed: non-contextual, equal for every token (paper,
 * section 4).
 */
public enum Factor {
    /** Head factors of the query, A_Q [h][R_Q]. */
    A_Q,
    /** Features of the query, B_Q [R_Q][d_b]. */
    B_Q,
    /** Head factors of the key, A_K [h][R_K]. */
    A_K,
    /** Features of the key before RoPE, B_K [R_K][d_b]. */
    B_K,
    /** Head factors of the value, A_V [h][R_V]. */
    A_V,
    /** Features of the value, B_V [R_V][e_b]. */
    B_V;

    /** Returns the role of this factor's tensor if it is fixed. */
    public TensorRole fixedRole() {
        return TensorRole.valueOf("FIXED_" + name());
    }

    /** Returns true for head factors, A; false for features, B. */
    public boolean isHeads() {
        return name().charAt(0) == 'A';
    }
}
