package io.github.t6j.training;

import io.github.t6j.model.TensorSpec;
import java.util.List;

/** Tensor of a model in training, with its gradient. */
public final class Parameter {
    private final TensorSpec spec;
    private final float[] value;
    private final float[] gradient;

    /** Creates a parameter whose elements are all zero. */
    Parameter(TensorSpec spec) {
        this(spec, true);
    }

    private Parameter(TensorSpec spec, boolean trained) {
        this.spec = spec;
        long elements = spec.elements();
        if (elements > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException(spec.name() + ": expected at most " + (Integer.MAX_VALUE - 8)
                    + " elements, found " + elements + ": train a smaller model");
        }
        value = new float[(int) elements];
        gradient = new float[trained ? (int) elements : 0];
    }

    /** Creates a vector that training does not change. */
    static Parameter frozen(TensorSpec spec) {
        return new Parameter(spec, false);
    }

    /** Returns true if training does not change this tensor, which then has no gradient. */
    public boolean isFrozen() {
        return gradient.length == 0;
    }

    /** Returns the name, shape and role of this tensor from the family's list. */
    TensorSpec spec() {
        return spec;
    }

    /** Returns the name of this tensor in files. */
    public String name() {
        return spec.name();
    }

    /** Returns the shape: [outputs, inputs], or [elements]. */
    public List<Long> shape() {
        return spec.shape();
    }

    /** Returns the elements, row by row: the array itself, to read and to modify. */
    public float[] value() {
        return value;
    }

    /**
     * Returns the accumulated derivatives of the loss by the elements since the gradients were cleared: the array
     * itself, in the order of {@link #value}.
     */
    public float[] gradient() {
        return gradient;
    }

    /** Returns true for a matrix, false for a gain or a bias. */
    boolean isMatrix() {
        return spec.shape().size() > 1;
    }

    /** Returns the number of rows of a matrix, or of elements of a vector. */
    public int rows() {
        return Math.toIntExact(spec.shape().getFirst());
    }
}
