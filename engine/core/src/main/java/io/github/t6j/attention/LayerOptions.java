package io.github.t6j.attention;

import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Options of the Llama family's layers beyond plain grouped query attention. Windowed layers have their own RoPE if the
 * model's {@link Rope.Config} has one.
 *
 * @param normEpsilon epsilon of the norms of each head's query and key before RoPE, or 0 without such norms
 * @param unrotated layers without RoPE
 * @param window positions that a query sees, including its own, in the layers of {@code windowed}; 0 if there are none
 * @param windowed layers with a sliding window
 * @param scores scale and limit of scores
 */
public record LayerOptions(float normEpsilon, SortedSet<Integer> unrotated, int window, SortedSet<Integer> windowed,
        Scores scores) {
    /** Options of layers without norms of heads or windows, all with RoPE. */
    public static final LayerOptions NONE = new LayerOptions(0f, new TreeSet<>(), 0, new TreeSet<>());

    /** Creates options of layers with plain scores. */
    public LayerOptions(float normEpsilon, SortedSet<Integer> unrotated, int window, SortedSet<Integer> windowed) {
        this(normEpsilon, unrotated, window, windowed, Scores.PLAIN);
    }

    /** Returns the same options with other scores. */
    public LayerOptions with(Scores newScores) {
        return new LayerOptions(normEpsilon, unrotated, window, windowed, newScores);
    }

    /**
     * Scale and limit of scores.
     *
     * @param divisor as {@link Attention#scoreDivisor}, or 0 for √d
     * @param cap as {@link Attention#scoreCap}
     */
    public record Scores(double divisor, float cap) {
        /** Scores divided by √d, without a limit. */
        public static final Scores PLAIN = new Scores(0, 0f);
    }

    /**
     * Root mean square norm of each head's query or key: x / √(mean(x²) + epsilon) · gain. Sums squares in float64 and
     * in place, unlike {@link io.github.t6j.kernels.Kernels#rmsNorm}, which takes a sum over lanes.
     *
     * @param gain [headDim], shared by all heads
     */
    public record VectorNorm(float[] gain, float epsilon) {
        /** Norms {@code vectors} consecutive vectors from {@code at} in place. */
        void apply(float[] x, int at, int vectors) {
            int size = gain.length;
            for (int v = at; v < at + vectors * size; v += size) {
                float scale = (float) (1 / Math.sqrt(meanOfSquares(x, v, size) + epsilon));
                for (int i = 0; i < size; i++) {
                    x[v + i] = x[v + i] * scale * gain[i];
                }
            }
        }

        /** Returns the mean of squares, computed as two independent sums in a fixed order. */
        private static double meanOfSquares(float[] x, int at, int size) {
            double even = 0;
            double odd = 0;
            for (int i = 0; i + 1 < size; i += 2) {
                even += (double) x[at + i] * x[at + i];
                odd += (double) x[at + i + 1] * x[at + i + 1];
            }
            double last = size % 2 == 0 ? 0 : (double) x[at + size - 1] * x[at + size - 1];
            return (even + odd + last) / size;
        }
    }

    /**
     * Options of one layer.
     *
     * @param queryNorm norm of each head's query, or null
     * @param keyNorm norm of each head's key, or null
     * @param rotates true if RoPE rotates queries and keys
     * @param window positions that a query sees, or 0 for all
     * @param scores scale and limit of scores
     */
    public record Layer(VectorNorm queryNorm, VectorNorm keyNorm, boolean rotates, int window, Scores scores) {
        /** A layer with RoPE, without norms or a window. */
        public static final Layer PLAIN = new Layer(null, null, true, 0);

        /** Creates the options of a layer with plain scores. */
        public Layer(VectorNorm queryNorm, VectorNorm keyNorm, boolean rotates, int window) {
            this(queryNorm, keyNorm, rotates, window, Scores.PLAIN);
        }

        /** Returns {@link Attention#scoreDivisor} for heads of {@code headDim} elements. */
        public double scoreDivisor(int headDim) {
            return scores.divisor == 0 ? Math.sqrt(headDim) : scores.divisor;
        }

        /** Norms and rotates the queries and keys of a row. */
        public void prepare(Rope rope, AttentionPass pass, int row, int queriesAt, int queries, int keysAt, int keys,
                int size) {
            float[] x = pass.projections;
            if (queryNorm != null) {
                queryNorm.apply(x, queriesAt, queries);
                keyNorm.apply(x, keysAt, keys);
            }
            if (rotates) {
                int table = pass.tableAt(row) + (window > 0 ? rope.windowedTable() : 0);
                rope.rotate(x, queriesAt, queries, size, pass.cos, pass.sin, table);
                rope.rotate(x, keysAt, keys, size, pass.cos, pass.sin, table);
            }
        }
    }

    /** @throws IllegalArgumentException if there are windowed layers and the window is below 1 */
    public LayerOptions {
        if (!windowed.isEmpty() && window < 1) {
            throw new IllegalArgumentException("window: expected 1 or more, found " + window);
        }
    }

    /** Returns the options of the layer of {@code weights}. */
    public Layer layer(LayerWeights weights) {
        int layer = weights.layer();
        return new Layer(
                norm(weights, TensorRole.QUERY_NORM), norm(weights, TensorRole.KEY_NORM), !unrotated.contains(layer),
                windowed.contains(layer) ? window : 0, scores);
    }

    /** Returns the text in the fingerprints of models, which must not change. */
    @Override
    public String toString() {
        return "LayerOptions[normEpsilon=" + normEpsilon + ", unrotated=" + unrotated + ", window=" + window
                + ", windowed=" + windowed + (scores.equals(Scores.PLAIN) ? "" : ", scores=" + scores) + "]";
    }

    private VectorNorm norm(LayerWeights weights, TensorRole role) {
        return normEpsilon == 0f ? null : new VectorNorm(weights.floats(role), normEpsilon);
    }
}
