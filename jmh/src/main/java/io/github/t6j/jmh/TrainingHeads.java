package io.github.t6j.jmh;

import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import io.github.t6j.training.heads.CausalAttention;
import io.github.t6j.training.heads.HeadAttention;
import io.github.t6j.training.products.Rows;
import java.util.Arrays;

/** Causal attention of all heads of some sequences. */
public final class TrainingHeads implements AutoCloseable {
    private final int heads;
    private final int dim;
    private final int length;
    private final int items;
    private final float[] q;
    private final float[] k;
    private final float[] v;
    private final float[] dy;
    private final float[] y;
    private final float[] lse;
    private final float[] dq;
    private final float[] dk;
    private final float[] dv;
    private final Workers workers;
    private final HeadAttention[] attentions;

    /** Creates heads of these numbers, all [sequences][length][heads][dim]. */
    public TrainingHeads(
            Kernels kernels, int threads, float[] q, float[] k, float[] v, float[] dy, int heads, int dim, int length) {
        this.q = q;
        this.k = k;
        this.v = v;
        this.dy = dy;
        this.heads = heads;
        this.dim = dim;
        this.length = length;
        items = q.length / (dim * length);
        y = new float[q.length];
        lse = new float[items * length];
        dq = new float[q.length];
        dk = new float[q.length];
        dv = new float[q.length];
        workers = new Workers(threads);
        attentions = new HeadAttention[threads];
        Arrays.setAll(attentions, worker -> new HeadAttention(kernels));
    }

    private Rows rows(float[] array, int item) {
        return new Rows(array, (item / heads * length * heads + item % heads) * dim, heads * dim);
    }

    /** Computes y. */
    public float[] forward() {
        workers.run(items, (i, worker) -> attentions[worker].forward(
                rows(q, i), rows(k, i), rows(v, i), length, CausalAttention.NO_WINDOW, dim, dim, rows(y, i), lse,
                i * length));
        return y;
    }

    /** Computes dq, dk and dv, after {@link #forward}; adds to dk and dv. */
    public float[][] backward() {
        workers.run(items, (i, worker) -> attentions[worker].backward(
                rows(q, i), rows(k, i), rows(v, i), rows(y, i), rows(dy, i), lse, i * length, length,
                CausalAttention.NO_WINDOW, dim, dim, rows(dq, i), rows(dk, i), rows(dv, i)));
        return new float[][] {dq, dk, dv};
    }

    /**
     * Returns multiplications and additions of {@link #forward}, without masked pairs; {@link #backward} has five
     * products instead of two.
     */
    public long flops() {
        return 2L * items * length * (length + 1) * dim;
    }

    /** Stops the threads and frees the memory. */
    @Override
    public void close() {
        for (HeadAttention attention : attentions) {
            attention.close();
        }
        workers.close();
    }
}
