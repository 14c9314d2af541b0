package io.github.t6j.family.olala;

import io.github.t6j.attention.Attention;
import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.LayerWeights;
import io.github.t6j.attention.Projection;
import io.github.t6j.attention.SharedPages;
import io.github.t6j.attention.TensorRole;
import io.github.t6j.attention.mamba.MambaConfig;
import io.github.t6j.attention.tpa.steps.SteppedConfig;
import io.github.t6j.kernels.PackedMatrix;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Mixers of the layers: a letter for each, V for tensor product attention and M for Mamba-3.
 *
 * @param letters letter of each layer
 * @param attention sizes of layers V, or null without any
 * @param mamba sizes of layers M, or null without any
 */
record OlalaLayers(String letters, SteppedConfig attention, MambaConfig mamba) implements AttentionConfig {
    /** Returns true if a layer is tensor product attention. */
    boolean isAttention(int layer) {
        return letters.charAt(layer) == 'V';
    }

    private AttentionConfig shown() {
        return attention == null ? mamba : attention;
    }

    private AttentionConfig of(LayerWeights weights) {
        return isAttention(weights.layer()) ? attention : mamba;
    }

    @Override
    public int heads() {
        return shown().heads();
    }

    @Override
    public int headDim() {
        return shown().headDim();
    }

    /** Returns 0: there is no RoPE. */
    @Override
    public int rotatedDim() {
        return 0;
    }

    @Override
    public Map<String, Integer> sizes() {
        Map<String, Integer> sizes = new TreeMap<>();
        if (attention != null) {
            sizes.putAll(attention.sizes());
        }
        if (mamba != null) {
            sizes.putAll(mamba.sizes());
            sizes.put("mamba_heads", mamba.heads());
        }
        return sizes;
    }

    @Override
    public Attention attention(LayerWeights weights, SharedPages shared) {
        return of(weights).attention(weights, shared);
    }

    @Override
    public Projection projection(LayerWeights weights) {
        PackedMatrix[] parts = weights.packedEach(TensorRole.PROJECTIONS);
        return parts.length == 1 ? new Projection.Fused(parts[0], null) : new Projection.Parts(List.of(parts));
    }
}
