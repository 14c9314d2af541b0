package io.github.t6j.training.heads;

import io.github.t6j.training.products.Rows;

/** Causal attention of one head of one sequence. Each worker has its own object. */
public interface CausalAttention extends AutoCloseable {
    /**
     * y[t] = Σ_{s≤t} P[t][s] · v[s].
     *
     * @param q [length][keyDim], like k
     * @param v [length][valueDim], like y
     * @param lse [length] from {@code lseAt}, written: ln Σ_{s≤t} exp(q[t]·k[s] / √keyDim), which {@link #backward}
     *     needs; linear attention leaves it unchanged
     */
    void forward(Rows q, Rows k, Rows v, int length, int keyDim, int valueDim, Rows y, float[] lse, int lseAt);

    /** Writes dq; adds to dk and dv, which several query heads may share. Derivatives have the shapes of their rows. */
    void backward(
            Rows q, Rows k, Rows v, Rows y, Rows dy, float[] lse, int lseAt, int length, int keyDim, int valueDim,
            Rows dq, Rows dk, Rows dv);

    @Override
    default void close() {}
}
