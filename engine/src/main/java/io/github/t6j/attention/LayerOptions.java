package io.github.t6j.attention;

import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What the Llama family does with whole heads beyond grouped query attention, in all layers or in some.
 *
 * @param normEpsilon of the norms of each head's query and key, before RoPE; 0: there are none
 * @param unrotated the layers without RoPE
 * @param window positions that a query sees, its own included, in the layers of {@code windowed}; 0 without such
 * @param windowed the layers whose queries do not see all positions
 */
public record LayerOptions(float normEpsilon, SortedSet<Integer> unrotated, int window, SortedSet<Integer> windowed) {
    /** Nothing special. */
    public static final LayerOptions NONE = new LayerOptions(0f, new TreeSet<>(), 0, new TreeSet<>());

    /**
     * What one layer does.
     *
     * @param queryNorm of each head's query, or null
     * @param keyNorm of each head's key, or null
     * @param rotates whether RoPE turns queries and keys
     * @param window positions that a query sees; 0: all
     */
    record Layer(VectorNorm queryNorm, VectorNorm keyNorm, boolean rotates, int window) {
        /** Nothing special. */
        static final Layer PLAIN = new Layer(null, null, true, 0);

        /** Norms queries and keys of a row and rotates them. */
        void prepare(Rope rope, AttentionPass pass, int row, int queriesAt, int queries, int keysAt, int keys,
                int size) {
            float[] x = pass.projections;
            if (queryNorm != null) {
                queryNorm.apply(x, queriesAt, queries);
                keyNorm.apply(x, keysAt, keys);
            }
            if (rotates) {
                int table = pass.tableAt(row);
                rope.rotate(x, queriesAt, queries, size, pass.cos, pass.sin, table);
                rope.rotate(x, keysAt, keys, size, pass.cos, pass.sin, table);
            }
        }
    }

    /** @throws IllegalArgumentException if layers have a window of no position */
    public LayerOptions {
        if (!windowed.isEmpty() && window < 1) {
            throw new IllegalArgumentException("window: expected 1 or more, found " + window);
        }
    }

    /** What the layer of {@code weights} does. */
    Layer layer(LayerWeights weights) {
        int layer = weights.layer();
        return new Layer(
                norm(weights, TensorRole.QUERY_NORM), norm(weights, TensorRole.KEY_NORM), !unrotated.contains(layer),
                windowed.contains(layer) ? window : 0);
    }

    private VectorNorm norm(LayerWeights weights, TensorRole role) {
        return normEpsilon == 0f ? null : new VectorNorm(weights.floats(role), normEpsilon);
    }
}
