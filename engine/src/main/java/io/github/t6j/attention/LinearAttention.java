package io.github.t6j.attention;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.cache.StateCache;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import java.lang.foreign.MemorySegment;

/**
 * Linear attention of the official linearattn models: y_t = Σ_{s≤t} (q_t · k_s) v_s, without softmax, scale or
 * normaliser. It is the recurrence S_t = S_{t−1} + k_t v_tᵀ, y_t = q_t S_t, so a head keeps one matrix [d][d], however
 * long the sequence; with grouped queries, one a group.
 *
 * <p>Every pass goes token by token, so chunks of a prefill, threads and single steps give the same bits.
 */
public final class LinearAttention implements AttentionAlgorithm {
    /** A thread's vectors of one token: key, value, the group's queries and what they make, in whole vectors. */
    private record Buffers(float[] k, float[] v, float[] q, float[] product) {}

    private final StateCache cache;
    private final Kernels kernels;
    private final Workers workers;
    private final Buffers[] buffers; // one a worker
    private final Workers.Work head = this::head;

    private DenseHeads attention;
    private float[] projections;
    private int rows;
    private int stride;
    private int layer;
    private float[] y;

    /** Attention of {@code shape}'s shape, from the state of {@code cache} on. */
    public LinearAttention(DenseHeads shape, StateCache cache, Kernels kernels, Workers workers) {
        this.cache = cache;
        this.kernels = kernels;
        this.workers = workers;
        int d = shape.headDim();
        int group = shape.heads() / shape.keyValueHeads();
        buffers = new Buffers[workers.threads()];
        for (int i = 0; i < buffers.length; i++) {
            buffers[i] =
                    new Buffers(new float[d], new float[d], new float[group * d], new float[group * Kernels.padded(d)]);
        }
    }

    @Override
    public StateCache cache() {
        return cache;
    }

    @Override
    public void attend(
            Attention newAttention, float[] newProjections, int newRows, int newStride, int newLayer, int position,
            float[] newY) {
        attention = (DenseHeads) newAttention;
        projections = newProjections;
        rows = newRows;
        stride = newStride;
        layer = newLayer;
        y = newY;
        workers.run(attention.keyValueHeads(), head);
    }

    /** All rows of one key head, in order. */
    private void head(int keyHead, int worker) {
        Buffers b = buffers[worker];
        int d = attention.headDim();
        int group = attention.heads() / attention.keyValueHeads();
        long state = cache.at(layer, keyHead);
        for (int row = 0; row < rows; row++) {
            int at = row * stride;
            attention.key(projections, at, keyHead, b.k);
            attention.value(projections, at, keyHead, b.v);
            MemorySegment last = row == 0 ? cache.before() : cache.after();
            kernels.addOuter(b.k, d, b.v, d, last, cache.after(), state);
            for (int i = 0; i < group; i++) {
                attention.query(projections, at, keyHead * group + i, b.q, i * d);
            }
            kernels.multiply(
                    b.q, 0, d, group, d, Format.F32, cache.after(), state, d, d, b.product, 0, group * PANEL, false);
            for (int i = 0; i < group; i++) {
                int to = (row * attention.heads() + keyHead * group + i) * d;
                for (int j = 0; j < d; j++) {
                    y[to + j] = b.product[i * PANEL + Kernels.panelAt(j, group)];
                }
            }
        }
    }
}
