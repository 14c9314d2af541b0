package io.github.t6j;

import java.util.Arrays;
import java.util.Objects;

/**
 * Embedding of a text.
 *
 * @param vector its elements
 * @param tokens number of ids that the model read, including the ones that its tokenizer adds
 * @param truncated true if the text was longer than the model's context and was truncated
 */
public record Embedding(float[] vector, int tokens, boolean truncated) {
    /** Creates an embedding. */
    public Embedding {
        Objects.requireNonNull(vector, "vector");
    }

    /**
     * Returns the cosine of the angle between this vector and {@code other}: 1 for the same direction; 0 if one of them
     * is zero.
     *
     * @throws IllegalArgumentException if the vectors differ in their number of dimensions
     */
    public double cosine(Embedding other) {
        Objects.requireNonNull(other, "other");
        if (other.vector.length != vector.length) {
            throw new IllegalArgumentException("other: expected an embedding of " + vector.length
                    + " dimensions, found " + other.vector.length);
        }
        double product = 0;
        double square = 0;
        double otherSquare = 0;
        for (int i = 0; i < vector.length; i++) {
            product += (double) vector[i] * other.vector[i];
            square += (double) vector[i] * vector[i];
            otherSquare += (double) other.vector[i] * other.vector[i];
        }
        return square == 0 || otherSquare == 0 ? 0 : product / Math.sqrt(square * otherSquare);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Embedding that && Arrays.equals(vector, that.vector) && tokens == that.tokens
                && truncated == that.truncated;
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(vector);
    }

    @Override
    public String toString() {
        return "Embedding[" + vector.length + " dimensions, " + tokens
                + (truncated ? " tokens, truncated]" : " tokens]");
    }
}
