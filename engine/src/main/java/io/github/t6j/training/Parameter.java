package io.github.t6j.training;

import io.github.t6j.model.TensorSpec;
import java.util.List;

/** One tensor of a model in training. */
public final class Parameter {
    private final TensorSpec spec;
    private final float[] value;
    private final float[] gradient;

    /** All zeros. */
    Parameter(TensorSpec spec) {
        this.spec = spec;
        long elements = spec.elements();
        if (elements > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException(spec.name() + ": expected at most " + (Integer.MAX_VALUE - 8)
                    + " elements, found " + elements + ": train a smaller model");
        }
        value = new float[(int) elements];
        gradient = new float[(int) elements];
    }

    /** What the family's list says of it. */
    TensorSpec spec() {
        return spec;
    }

    /** Its name in files. */
    public String name() {
        return spec.name();
    }

    /** Its sizes: [outputs, inputs], or [elements]. */
    public List<Long> shape() {
        return spec.shape();
    }

    /** Its elements, row by row; the array itself, to read and to change. */
    public float[] value() {
        return value;
    }

    /** The sum of the loss's derivatives by these elements since they were cleared, likewise. */
    public float[] gradient() {
        return gradient;
    }

    /** Whether it is a matrix, not a gain or a bias. */
    boolean isMatrix() {
        return spec.shape().size() > 1;
    }

    /** Rows of the matrix, or elements. */
    int rows() {
        return Math.toIntExact(spec.shape().getFirst());
    }
}
