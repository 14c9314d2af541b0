package io.github.t6j.attention;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.cache.StateCache;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import java.lang.foreign.MemorySegment;

/**
 * The recurrence of {@link LinearAttention} over one sequence's state. Every pass goes token by token, so chunks of a
 * prefill, threads and single steps give the same bits.
 */
public final class LinearRecurrence implements AttentionAlgorithm {
    /** A thread's vectors of one token: key, value, the group's queries and what they make, in whole vectors. */
    private record Buffers(float[] k, float[] v, float[] q, float[] product) {}

    private final StateCache cache;
    private final Kernels kernels;
    private final Workers workers;
    private final Buffers[] buffers; // one a worker
    private final Workers.Work head = this::head;

    private DenseHeads heads; // the pass's
    private AttentionPass pass;

    /** Attention of {@code shape}'s shape, from the state of {@code cache} on. */
    LinearRecurrence(DenseHeads shape, StateCache cache, Kernels kernels, Workers workers) {
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

    /** The state takes a token in where its row is attended: a row must not see those after it. */
    @Override
    public void append(AttentionPass newPass) {
        // see attend
    }

    @Override
    public void attend(AttentionPass newPass) {
        pass = newPass;
        heads = ((LinearAttention) newPass.attention).dense();
        workers.run(heads.keyValueHeads(), head);
    }

    /** All rows of one key head, in order. */
    private void head(int keyHead, int worker) {
        Buffers b = buffers[worker];
        int d = heads.headDim();
        int group = heads.heads() / heads.keyValueHeads();
        long state = cache.at(pass.layer, keyHead);
        for (int row = 0; row < pass.rows; row++) {
            int at = pass.at(row);
            heads.key(pass.projections, at, keyHead, b.k);
            heads.value(pass.projections, at, keyHead, b.v);
            MemorySegment last = row == 0 ? cache.before() : cache.after();
            kernels.addOuter(b.k, d, b.v, d, last, cache.after(), state);
            for (int i = 0; i < group; i++) {
                heads.query(pass.projections, at, keyHead * group + i, b.q, i * d);
            }
            kernels.multiply(
                    b.q, 0, d, group, d, Format.F32, cache.after(), state, d, d, b.product, 0, group * PANEL, false);
            for (int i = 0; i < group; i++) {
                int to = (row * heads.heads() + keyHead * group + i) * d;
                for (int j = 0; j < d; j++) {
                    pass.output[to + j] = b.product[i * PANEL + Kernels.panelAt(j, group)];
                }
            }
        }
    }
}
