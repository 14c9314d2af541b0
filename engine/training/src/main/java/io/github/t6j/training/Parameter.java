package io.github.t6j.training;

import io.github.t6j.model.TensorSpec;
import io.github.t6j.training.layers.TrainingTensor;
import java.util.List;

/** Tensor of a model in training, with its gradient. */
public final class Parameter {
    private final TrainingTensor tensor;

    Parameter(TrainingTensor tensor) {
        this.tensor = tensor;
    }

    /** Returns the tensor, which shares its arrays with this object. */
    TrainingTensor tensor() {
        return tensor;
    }

    /** Returns true if training does not change this tensor, which then has no gradient. */
    public boolean isFrozen() {
        return tensor.isFrozen();
    }

    /** Returns the name, shape and role of this tensor from the family's list. */
    TensorSpec spec() {
        return tensor.spec();
    }

    /** Returns the name of this tensor in files. */
    public String name() {
        return spec().name();
    }

    /** Returns the shape: [outputs, inputs], or [elements]. */
    public List<Long> shape() {
        return spec().shape();
    }

    /** Returns the elements, row by row: the array itself, to read and to modify. */
    public float[] value() {
        return tensor.value();
    }

    /**
     * Returns the accumulated derivatives of the loss by the elements since the gradients were cleared: the array
     * itself, in the order of {@link #value}.
     */
    public float[] gradient() {
        return tensor.gradient();
    }

    /** Returns true for a matrix, false for a gain or a bias. */
    boolean isMatrix() {
        return spec().shape().size() > 1;
    }

    /** Returns the number of rows of a matrix, or of elements of a vector. */
    public int rows() {
        return tensor.rows();
    }
}
