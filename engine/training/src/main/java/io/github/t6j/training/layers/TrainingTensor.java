package io.github.t6j.training.layers;

import io.github.t6j.model.TensorSpec;
import io.github.t6j.training.products.Matrix;

/**
 * Tensor of a model in training, row by row, with its gradient.
 *
 * @param spec name, shape and role from the family's list
 * @param value elements
 * @param gradient accumulated derivatives of the loss by the elements; empty if training does not change the tensor
 */
public record TrainingTensor(TensorSpec spec, float[] value, float[] gradient) {
    private static final int MAX_ELEMENTS = Integer.MAX_VALUE - 8;

    /** Creates a trained tensor whose elements are all zero. */
    public static TrainingTensor of(TensorSpec spec) {
        int elements = elements(spec);
        return new TrainingTensor(spec, new float[elements], new float[elements]);
    }

    /** Creates a tensor that training does not change. */
    public static TrainingTensor frozen(TensorSpec spec) {
        return new TrainingTensor(spec, new float[elements(spec)], new float[0]);
    }

    private static int elements(TensorSpec spec) {
        if (spec.elements() > MAX_ELEMENTS) {
            throw new IllegalArgumentException(spec.name() + ": expected at most " + MAX_ELEMENTS + " elements, found "
                    + spec.elements() + ": train a smaller model");
        }
        return (int) spec.elements();
    }

    /** Returns true if training does not change this tensor. */
    public boolean isFrozen() {
        return gradient.length == 0;
    }

    /** Returns the number of rows of a matrix, or of elements of a vector. */
    public int rows() {
        return Math.toIntExact(spec.shape().getFirst());
    }

    /** Returns this matrix. */
    Matrix.Dense matrix() {
        return dense(value);
    }

    /** Returns the gradient of this matrix. */
    Matrix.Dense gradientMatrix() {
        return dense(gradient);
    }

    private Matrix.Dense dense(float[] elements) {
        return new Matrix.Dense(elements, rows(), Math.toIntExact(spec.shape().getLast()));
    }
}
