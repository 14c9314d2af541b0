package io.github.t6j.model;

import io.github.t6j.attention.TensorRole;
import java.util.Arrays;
import java.util.List;

/**
 * A tensor that a model has, in a line of its family's list.
 *
 * @param name in files of that family
 * @param alias another name under which files have it, too or instead; or null
 * @param shape [outputs, inputs], or [elements]
 * @param role what it is for
 * @param layer which block it is of, from 0; {@link #NO_LAYER}
 */
public record TensorSpec(String name, String alias, List<Long> shape, TensorRole role, int layer) {
    /** Of a tensor that is of no block. */
    public static final int NO_LAYER = -1;

    /** A tensor of a layer. */
    public static TensorSpec of(TensorRole role, int layer, String name, long... shape) {
        return new TensorSpec(name, null, Arrays.stream(shape).boxed().toList(), role, layer);
    }

    /** The product of its sizes. @throws ArithmeticException when it does not fit a long */
    public long elements() {
        return shape.stream().reduce(1L, Math::multiplyExact);
    }

    /** Whether its elements are gains of a norm: all ones before training. */
    public boolean isGain() {
        return switch (role) {
            case OUTPUT_NORM, ATTENTION_NORM, FEED_FORWARD_NORM, HEAD_NORM, QUERY_NORM, KEY_NORM, QUERY_LATENT_NORM,
                    LATENT_NORM ->
                true;
            default -> false;
        };
    }
}
