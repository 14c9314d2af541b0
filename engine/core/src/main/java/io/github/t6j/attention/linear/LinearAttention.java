package io.github.t6j.attention.linear;

import io.github.t6j.attention.Attention;
import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.DenseHeads;
import io.github.t6j.attention.MaterializedHeads;
import io.github.t6j.attention.Rope;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.cache.SequenceCache;
import io.github.t6j.cache.StateCache;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import java.lang.foreign.Arena;

/**
 * Linear attention of the official linearattn models: y_t = Σ_{s≤t} (q_t · k_s) v_s, without softmax, scale or
 * normaliser. It is the recurrence S_t = S_{t−1} + k_t v_tᵀ, y_t = q_t S_t, so a head (with grouped queries, a group)
 * keeps one matrix [d][d], however long the sequence is. Rows have the layout of {@code dense}.
 *
 * @param dense attention whose queries, keys and values are used
 */
public record LinearAttention(DenseHeads dense) implements Attention {
    @Override
    public int heads() {
        return dense.heads();
    }

    @Override
    public int headDim() {
        return dense.headDim();
    }

    @Override
    public int projections() {
        return dense.projections();
    }

    @Override
    public int rowFloats() {
        return dense.rowFloats();
    }

    @Override
    public void rotateAndActivate(Rope rope, AttentionPass pass, int row) {
        dense.rotateAndActivate(rope, pass, row);
    }

    /** Returns 0: a state does not grow. */
    @Override
    public int elementsPerToken() {
        return 0;
    }

    @Override
    public int stateElements() {
        return dense.keyValueHeads() * headDim() * headDim();
    }

    /** Returns null, but the pages of {@code dense} for the oracle, which keeps all keys and values. */
    @Override
    public PageLayout pages(boolean materialized) {
        return materialized ? dense.pages(true) : null;
    }

    /** Returns a state in f32 whatever the format, since it is a sum over all tokens. */
    @Override
    public SequenceCache newCache(Format format, int[] windows) {
        return new StateCache(windows.length, dense.keyValueHeads(), headDim(), headDim());
    }

    @Override
    public AttentionAlgorithm newAlgorithm(Kernels kernels, Workers workers, Arena scratch) {
        return new LinearRecurrence(dense, kernels, workers);
    }

    @Override
    public MaterializedHeads materialized() {
        return dense.materialized();
    }

    @Override
    public boolean hasSoftmax() {
        return false;
    }
}
