package io.github.t6j.training;

import io.github.t6j.training.HeadAttention.Rows;

/** Causal attention of one head of one sequence; one object a worker. */
interface CausalAttention {
    /**
     * y[t] = Σ_{s≤t} P[t][s] · v[s].
     *
     * @param q [length][keyDim], as k
     * @param v [length][valueDim], as y
     * @param lse [length] from {@code lseAt}: what a softmax keeps for {@link #backward}
     */
    void forward(
            Rows q, Rows k, Rows v, int length, int keyDim, int valueDim, float scale, Rows y, float[] lse, int lseAt);

    /** Writes dq; adds to dk and dv. */
    void backward(
            Rows q, Rows k, Rows v, Rows y, Rows dy, float[] lse, int lseAt, int length, int keyDim, int valueDim,
            float scale, Rows dq, Rows dk, Rows dv);
}
