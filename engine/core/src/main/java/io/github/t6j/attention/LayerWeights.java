package io.github.t6j.attention;

import io.github.t6j.kernels.PackedMatrix;
import java.lang.foreign.Arena;

/** Weights of a layer by role, from which its attention is created. */
public interface LayerWeights {
    /** Returns the index of the layer, from 0. */
    int layer();

    /** Returns the matrices of a role, stacked and packed as one. */
    PackedMatrix packed(TensorRole role);

    /** Returns the matrices of a role, one of each expert, or of each run of tensors with the same type. */
    default PackedMatrix[] packedEach(TensorRole role) {
        return new PackedMatrix[] {packed(role)};
    }

    /** Returns the concatenated elements of a role's tensors, or null if the layer has none. */
    float[] floats(TensorRole role);

    /** Returns the arena for weights that an attention rearranges; it lives as long as the model. */
    Arena arena();
}
