package io.github.t6j.training.layers;

import io.github.t6j.training.products.Matrix;
import io.github.t6j.training.products.Rows;
import io.github.t6j.training.products.Sums;
import java.util.Arrays;
import java.util.List;

/**
 * Linear layer y = W x + b. W may consist of several matrices with the same input, whose outputs are concatenated.
 * If W is frozen, the layer may have a {@link LowRankAdapter} that is trained instead.
 *
 * <pre>
 *   dx = Wᵀ dy     dW += dy xᵀ     db += dy, summed over rows
 * </pre>
 */
public final class LinearLayer {
    private final Resources resources;
    private final Matrix[] weights; // [outputs][inputs] each
    private final Matrix.Dense[] gradients; // of the same shapes; empty if W is frozen
    private final List<TrainingTensor> biases; // [outputs] each; empty if the layer has none
    private final LowRankAdapter adapter; // or null
    private final int outputs; // of all matrices together

    /** Creates a layer that is trained. */
    public LinearLayer(Resources resources, List<TrainingTensor> weights, List<TrainingTensor> biases) {
        this(resources, weights.stream().map(TrainingTensor::matrix).toArray(Matrix[]::new),
                weights.stream().map(TrainingTensor::gradientMatrix).toArray(Matrix.Dense[]::new), biases, null);
    }

    /**
     * Creates a layer with frozen weights.
     *
     * @param biases frozen biases
     * @param adapter change of the weights that is trained, or null
     */
    public LinearLayer(
            Resources resources, List<? extends Matrix> weights, List<TrainingTensor> biases, LowRankAdapter adapter) {
        this(resources, weights.toArray(Matrix[]::new), new Matrix.Dense[0], biases, adapter);
    }

    private LinearLayer(
            Resources resources, Matrix[] weights, Matrix.Dense[] gradients, List<TrainingTensor> biases,
            LowRankAdapter adapter) {
        this.resources = resources;
        this.weights = weights;
        this.gradients = gradients;
        this.biases = biases;
        this.adapter = adapter;
        outputs = Arrays.stream(weights).mapToInt(Matrix::rows).sum();
    }

    /** Returns true if training does not change W. */
    boolean isFrozen() {
        return gradients.length == 0;
    }

    /** Returns the number of elements of y. */
    int outputs() {
        return outputs;
    }

    /** y = W x + b; with {@code accumulate}, y += W x + b. */
    void forward(Rows x, int rows, Rows y, boolean accumulate) {
        resources.products.forward(x, rows, weights, y, accumulate);
        int at = 0;
        for (TrainingTensor bias : biases) {
            addBias(bias.value(), rows, y.after(at));
            at += bias.rows();
        }
        if (adapter != null) {
            adapter.forward(x, rows, y);
        }
    }

    private void addBias(float[] bias, int rows, Rows y) {
        resources.eachRow(rows, (row, worker) -> Sums.add(bias, 0, y.array(), y.row(row), bias.length));
    }

    /** dx = Wᵀ dy; adds to the gradients of W and b, or of the adapter. */
    void backward(Rows x, Rows dy, int rows, Rows dx) {
        inputGradient(dy, rows, dx);
        weightGradient(x, dy, rows);
    }

    /** dx = Wᵀ dy. */
    void inputGradient(Rows dy, int rows, Rows dx) {
        resources.products.inputGradient(dy, rows, weights, dx, false);
        if (adapter != null) {
            adapter.inputGradient(dy, rows, dx);
        }
    }

    /** Adds to the gradients of W and b, or of the adapter; {@link #inputGradient} of the same dy comes before. */
    void weightGradient(Rows x, Rows dy, int rows) {
        if (adapter != null) {
            adapter.weightGradient(x, dy, rows);
        }
        if (isFrozen()) {
            return;
        }
        resources.products.weightGradient(dy, x, rows, gradients);
        int at = 0;
        for (TrainingTensor bias : biases) {
            sumBias(bias.gradient(), rows, dy.after(at));
            at += bias.rows();
        }
    }

    private void sumBias(float[] gradient, int rows, Rows dy) {
        resources.sumRows(rows, gradient, (from, to, sums, at) -> {
            for (int row = from; row < to; row++) {
                Sums.add(dy.array(), dy.row(row), sums, at, gradient.length);
            }
        });
    }
}
