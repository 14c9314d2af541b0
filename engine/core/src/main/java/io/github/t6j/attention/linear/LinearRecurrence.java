package io.github.t6j.attention.linear;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.attention.Attention;
import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.DenseHeads;
import io.github.t6j.cache.SequenceCache;
import io.github.t6j.cache.StateCache;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Recurrence of {@link LinearAttention} over the state of a sequence. Every pass goes token by token, so the bits do
 * not depend on the chunks of a prefill or on threads.
 */
public final class LinearRecurrence implements AttentionAlgorithm {
    /** Buffers of a thread for one token: key, value, the queries of a group, and their products, padded to panels. */
    private record Buffers(float[] k, float[] v, float[] q, float[] product) {}

    private final Kernels kernels;
    private final Workers workers;
    private final Buffers[] buffers; // one per worker
    private final Workers.Work headWork = this::computeHead;

    private StateCache cache;
    private DenseHeads heads; // of the current pass
    private AttentionPass pass;

    /** Creates attention with the shape of {@code shape}, which continues from the state of a cache. */
    LinearRecurrence(DenseHeads shape, Kernels kernels, Workers workers) {
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
    public void bind(SequenceCache newCache) {
        cache = (StateCache) newCache;
        pass = null;
    }

    /** Does nothing: {@link #attend} adds each token to the state, since a row must not see later ones. */
    @Override
    public void append(AttentionPass newPass) {}

    @Override
    public void attend(AttentionPass newPass) {
        pass = newPass;
        heads = ((LinearAttention) newPass.attention).dense();
        cache.inputs().reserve(pass.layer, 2 * heads.keyValueHeads() * heads.headDim());
        workers.run(heads.keyValueHeads(), headWork);
    }

    /** {@inheritDoc} Only the recurrence runs again, so no weights are read. */
    @Override
    public void keep(int row, List<Attention> layers) {
        Buffers b = buffers[0];
        int d = b.k.length;
        for (int layer = 0; layer < cache.layers(); layer++) {
            float[] inputs = cache.inputs().of(layer, row);
            for (int head = 0; head < inputs.length / (2 * d); head++) {
                System.arraycopy(inputs, 2 * head * d, b.k, 0, d);
                System.arraycopy(inputs, 2 * head * d + d, b.v, 0, d);
                kernels.addOuter(b.k, d, b.v, d, cache.before(), cache.before(), cache.at(layer, head * d * d));
            }
        }
        cache.keep();
    }

    /** Computes the outputs of all rows for one key head, in order. */
    private void computeHead(int keyHead, int worker) {
        Buffers b = buffers[worker];
        int d = heads.headDim();
        int group = heads.heads() / heads.keyValueHeads();
        long state = cache.at(pass.layer, keyHead * d * d);
        for (int row = 0; row < pass.rows; row++) {
            int at = pass.at(row);
            heads.key(pass.projections, at, keyHead, b.k);
            heads.value(pass.projections, at, keyHead, b.v);
            if (cache.inputs().records()) {
                System.arraycopy(b.k, 0, cache.inputs().of(pass.layer, row), 2 * keyHead * d, d);
                System.arraycopy(b.v, 0, cache.inputs().of(pass.layer, row), 2 * keyHead * d + d, d);
            }
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
