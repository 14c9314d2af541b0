package io.github.t6j.session;

import io.github.t6j.EmbeddingOptions;
import io.github.t6j.Pooling;

/** Pools the hidden states of each text into a vector; the sums are double. */
public final class Pooler implements HiddenStates.Listener {
    private final Pooling pooling;
    private final int width;
    private final int[] lengths;
    private final double[][] sums; // of each text that has begun, null after its end
    private final float[][] vectors;
    private final int dimensions;
    private final boolean normalized;

    /**
     * @param options options with a pooling, normalisation and number of dimensions
     * @param lengths number of ids of each text
     */
    public Pooler(EmbeddingOptions options, int width, int[] lengths) {
        pooling = options.pooling();
        dimensions = options.dimensions();
        normalized = options.normalized();
        this.width = width;
        this.lengths = lengths;
        sums = new double[lengths.length][];
        vectors = new float[lengths.length][];
    }

    /**
     * Returns the vector of a text that was read.
     *
     * @throws IllegalStateException if an element is NaN or infinite
     */
    public float[] vector(int text) {
        for (float element : vectors[text]) {
            if (!Float.isFinite(element)) {
                throw new IllegalStateException("embedding: expected finite numbers, found " + element
                        + " for prompts[" + text + "]: a weight is NaN or infinite, or too large");
            }
        }
        return vectors[text];
    }

    @Override
    public void onStates(int text, int first, int count, float[] states, int at) {
        if (first == 0) {
            sums[text] = new double[width];
        }
        int last = lengths[text] - 1;
        int from = pooling == Pooling.LAST ? last : 0;
        int to = pooling == Pooling.CLS ? 0 : last;
        for (int position = Math.max(first, from); position <= Math.min(first + count - 1, to); position++) {
            add(sums[text], states, at + (position - first) * width);
        }
        if (first + count > last) {
            vectors[text] = vector(sums[text], to - from + 1);
            sums[text] = null;
        }
    }

    private static void add(double[] sum, float[] states, int at) {
        for (int i = 0; i < sum.length; i++) {
            sum[i] += states[at + i];
        }
    }

    /** Returns the mean of {@code count} hidden states, cut and normalised. */
    private float[] vector(double[] sum, int count) {
        double scale = 1.0 / count;
        if (normalized) {
            double squares = 0;
            for (int i = 0; i < dimensions; i++) {
                squares += sum[i] * sum[i];
            }
            scale = squares == 0 ? 0 : 1 / Math.sqrt(squares);
        }
        float[] vector = new float[dimensions];
        for (int i = 0; i < dimensions; i++) {
            vector[i] = (float) (sum[i] * scale);
        }
        return vector;
    }
}
