package io.github.t6j.training.heads;

import io.github.t6j.training.products.Rows;

/** Causal attention of one head of one sequence. Each worker has its own object. */
public interface CausalAttention extends AutoCloseable {
    /** Window of a query that sees all positions before it. */
    int NO_WINDOW = Integer.MAX_VALUE;

    /**
     * y[t] = Σ_s P[t][s] · v[s] for t − window < s ≤ t.
     *
     * @param q [length][keyDim], like k
     * @param v [length][valueDim], like y
     * @param window positions that a query sees, with its own, or {@link #NO_WINDOW}; linear attention has none
     * @param lse [length] from {@code lseAt}, written: ln Σ_s exp(q[t]·k[s] / √keyDim), which {@link #backward} needs;
     *     linear attention leaves it unchanged
     */
    void forward(
            Rows q, Rows k, Rows v, int length, int window, int keyDim, int valueDim, Rows y, float[] lse, int lseAt);

    /** Writes dq; adds to dk and dv, which several query heads may share. Derivatives have the shapes of their rows. */
    void backward(
            Rows q, Rows k, Rows v, Rows y, Rows dy, float[] lse, int lseAt, int length, int window, int keyDim,
            int valueDim, Rows dq, Rows dk, Rows dv);

    @Override
    default void close() {}
}
