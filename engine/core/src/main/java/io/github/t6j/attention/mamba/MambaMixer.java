package io.github.t6j.attention.mamba;

import io.github.t6j.attention.Attention;
import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.MaterializedHeads;
import io.github.t6j.attention.Rope;
import io.github.t6j.cache.HeadStates;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.cache.SequenceCache;
import io.github.t6j.cache.StateCache;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.HeadStep;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import java.lang.foreign.Arena;

/**
 * Mixer of Mamba-3 with several inputs and outputs (MIMO). Each head keeps a matrix S [headDim][stateDim]; for a token
 * with ranks keys k, queries q and values v,
 *
 * <pre>
 *   S_t = α_t S_{t−1} + β_t Σ_r v_{t−1,r} k_{t−1,r}ᵀ + γ_t Σ_r v_{t,r} k_{t,r}ᵀ     the exponential-trapezoidal rule
 *   y_t = Σ_r o_r ∘ (S_t q_{t,r} + D v_{t,r}) ∘ silu(z_r)
 * </pre>
 *
 * where α = e^(A δ), β = (1 − τ) δ α, γ = τ δ, and keys and queries are rotated by phases that grow by tanh(angle) · δ/2
 * turns. A row of projections is, for each head, gates z, values x, δ, A and τ before their functions; then keys,
 * queries and angles.
 */
public record MambaMixer(MambaConfig config, MambaWeights weights) implements Attention {
    @Override
    public int heads() {
        return config.heads();
    }

    @Override
    public int headDim() {
        return config.headDim();
    }

    @Override
    public int projections() {
        return config.row();
    }

    /** Does nothing: phases depend on all tokens, so {@link MambaRecurrence} completes the row. */
    @Override
    public void rotateAndActivate(Rope rope, AttentionPass pass, int row) {}

    /** Returns 0: a state does not grow. */
    @Override
    public int elementsPerToken() {
        return 0;
    }

    @Override
    public int stateElements() {
        return config.heads() * (matrixFloats() + MambaHead.tailFloats(config));
    }

    private int matrixFloats() {
        return HeadStep.columns(config.headDim()) * config.stateDim();
    }

    @Override
    public int oracleStateElements() {
        return config.heads() * MambaDefinition.stateFloats(config);
    }

    /** Returns null: a state has no pages. */
    @Override
    public PageLayout pages(boolean materialized) {
        return null;
    }

    /** Returns states in f32 whatever the format, since they sum over all tokens. */
    @Override
    public SequenceCache newCache(Format format, int[] windows) {
        return new HeadStates(
                new HeadStates.Sizes(windows.length, config.heads(), matrixFloats(), MambaHead.tailFloats(config)));
    }

    @Override
    public AttentionAlgorithm newAlgorithm(Kernels kernels, Workers workers, Arena scratch) {
        return new MambaRecurrence(config, kernels, workers);
    }

    @Override
    public SequenceCache newOracleCache(Format format, int[] windows) {
        return new StateCache(windows.length, config.heads(), MambaDefinition.stateFloats(config));
    }

    @Override
    public AttentionAlgorithm newOracle(Workers workers) {
        return new MambaDefinition(config, workers);
    }

    /** @throws UnsupportedOperationException always: a state has no keys and values to rebuild */
    @Override
    public MaterializedHeads materialized() {
        throw new UnsupportedOperationException("a state-space mixer has no keys and values to rebuild");
    }

    @Override
    public boolean hasSoftmax() {
        return false;
    }
}
