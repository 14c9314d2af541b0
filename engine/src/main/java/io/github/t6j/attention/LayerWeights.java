package io.github.t6j.attention;

import io.github.t6j.kernels.PackedMatrix;
import java.lang.foreign.Arena;

/** A layer's weights by their roles, as an attention takes them when it is made. */
public interface LayerWeights {
    /** Which layer, from 0. */
    int layer();

    /** The role's matrices, packed one below the other. */
    PackedMatrix packed(TensorRole role);

    /** The elements of the role's tensors, one after the other, or null: the layer has none. */
    float[] floats(TensorRole role);

    /** Where an attention may keep what it makes of them; lives as long as the model. */
    Arena arena();
}
