package io.github.t6j.model;

import io.github.t6j.attention.TensorRole;
import java.util.Arrays;
import java.util.List;

/**
 * Tensor of a model: an entry in its family's list.
 *
 * @param name in files of that family
 * @param alias another name in files, in addition or instead; or null
 * @param shape [outputs, inputs], or [elements]
 * @param role its purpose
 * @param layer index of its block, from 0, or {@link #NO_LAYER}
 */
public record TensorSpec(String name, String alias, List<Long> shape, TensorRole role, int layer) {
    /** Layer of a tensor outside the blocks. */
    public static final int NO_LAYER = -1;

    /** Returns the entry of a tensor of a layer. */
    public static TensorSpec of(TensorRole role, int layer, String name, long... shape) {
        return new TensorSpec(name, null, Arrays.stream(shape).boxed().toList(), role, layer);
    }

    /**
     * Returns the product of the dimensions.
     *
     * @throws ArithmeticException if it does not fit in a long
     */
    public long elements() {
        return shape.stream().reduce(1L, Math::multiplyExact);
    }

    /** Returns true if its elements are gains of a norm, see {@link #isGain(TensorRole)}. */
    public boolean isGain() {
        return isGain(role);
    }

    /** Returns true if this matrix scores experts; it is never quantised. */
    public boolean isRouter() {
        return role == TensorRole.ROUTER;
    }

    /** Returns true for the gains of a norm, which are all ones before training, or zeros if stored minus 1. */
    static boolean isGain(TensorRole role) {
        return switch (role) {
            case OUTPUT_NORM, ATTENTION_NORM, ATTENTION_POST_NORM, FEED_FORWARD_NORM, FEED_FORWARD_POST_NORM, HEAD_NORM,
                    QUERY_NORM, KEY_NORM, QUERY_LATENT_NORM, LATENT_NORM, STATE_OUTPUT_NORM ->
                true;
            default -> false;
        };
    }
}
