package io.github.t6j.attention.mamba;

import io.github.t6j.attention.Attention;
import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.AttentionPass;
import io.github.t6j.cache.HeadStates;
import io.github.t6j.cache.SequenceCache;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import java.util.Arrays;
import java.util.List;

/**
 * Recurrence of {@link MambaMixer} over the states of a sequence. Every pass goes token by token, so the bits do not
 * depend on the chunks of a prefill or on threads.
 */
public final class MambaRecurrence implements AttentionAlgorithm {
    private final MambaConfig config;
    private final Kernels kernels;
    private final Workers workers;
    private final MambaHead[] buffers; // one per worker
    private final float[][] lanes; //     one per worker
    private final Workers.Work prepareWork = this::prepare;
    private final Workers.Work headWork = this::computeHead;
    private final Workers.Work normWork = this::norm;
    private int tasks; // of a pass of one row

    private HeadStates cache;
    private MambaWeights weights; // of the current pass
    private AttentionPass pass;
    private AttentionPass kept; // a row of a pass with drafts, or null before the first one

    MambaRecurrence(MambaConfig config, Kernels kernels, Workers workers) {
        this.config = config;
        this.kernels = kernels;
        this.workers = workers;
        buffers = new MambaHead[workers.threads()];
        Arrays.setAll(buffers, i -> new MambaHead(config, kernels));
        lanes = new float[workers.threads()][Kernels.LANES];
    }

    @Override
    public HeadStates cache() {
        return cache;
    }

    @Override
    public void bind(SequenceCache newCache) {
        cache = (HeadStates) newCache;
        pass = null;
    }

    /** Does nothing: {@link #attend} adds each token to the state, since a row must not see later ones. */
    @Override
    public void append(AttentionPass newPass) {}

    /** Computes the outputs. Norms keys, queries and angles in the pass's rows, so it can be called once for a pass. */
    @Override
    public void attend(AttentionPass newPass) {
        begin(newPass);
        workers.run(pass.rows, prepareWork);
        workers.run(config.heads(), headWork);
        if (weights.outputNorm() != null) {
            workers.run(pass.rows, normWork);
        }
    }

    @Override
    public int beginRow(AttentionPass newPass, int threads) {
        begin(newPass);
        prepare(0, 0);
        tasks = Math.min(threads, config.heads());
        return tasks;
    }

    @Override
    public void computeTask(AttentionPass newPass, int task, int worker) {
        for (int head = task; head < config.heads(); head += tasks) {
            computeHead(head, worker);
        }
    }

    @Override
    public void endRow(AttentionPass newPass) {
        if (weights.outputNorm() != null) {
            norm(0, 0);
        }
    }

    /** {@inheritDoc} Only the recurrence runs again, so no weights are read. */
    @Override
    public void keep(int row, List<Attention> layers) {
        cache.beginRow();
        if (kept == null) {
            kept = new AttentionPass(1, config.row(), config.heads() * config.headDim(), 0);
            kept.rows = 1;
        }
        for (int layer = 0; layer < layers.size(); layer++) {
            kept.setLayer(layers.get(layer), layer);
            begin(kept);
            System.arraycopy(cache.inputs().of(layer, row), 0, kept.projections, 0, config.row());
            workers.run(config.heads(), headWork);
        }
        cache.commit();
    }

    private void begin(AttentionPass newPass) {
        pass = newPass;
        weights = ((MambaMixer) newPass.attention).weights();
    }

    /** Norms the keys and queries of a row, and computes the hyperbolic tangents of its angles. */
    private void prepare(int row, int worker) {
        float[] x = pass.projections;
        int n = config.stateDim();
        int keys = pass.at(row) + config.heads() * config.headRow();
        int queries = keys + config.keyRow();
        for (int at = 0; at < config.keyRow(); at += n) {
            kernels.rmsNorm(x, keys + at, n, config.epsilon(), weights.keyNorm(), x, keys + at, lanes[worker]);
            kernels.rmsNorm(x, queries + at, n, config.epsilon(), weights.queryNorm(), x, queries + at, lanes[worker]);
        }
        kernels.softCap(x, queries + config.keyRow(), config.angles(), 1f);
        cache.inputs().record(pass.layer, row, x, pass.at(row), config.row());
    }

    /** Computes the outputs of all rows for one head, in order. */
    private void computeHead(int head, int worker) {
        MambaHead buffer = buffers[worker];
        buffer.load(weights, cache, pass.layer, head);
        for (int row = 0; row < pass.rows; row++) {
            int to = (row * config.heads() + head) * config.headDim();
            buffer.compute(weights, pass.projections, pass.at(row), pass.output, to);
        }
        buffer.store(cache, pass.layer, head);
    }

    private void norm(int row, int worker) {
        int width = config.heads() * config.headDim();
        int at = row * width;
        kernels.rmsNorm(
                pass.output, at, width, config.epsilon(), weights.outputNorm(), pass.output, at, lanes[worker]);
    }
}
