package io.github.t6j.training.layers;

import io.github.t6j.training.Parameter;
import java.util.List;

/**
 * Linear layer y = W x + b. W may consist of several matrices with the same input, whose outputs stand side by side.
 *
 * <pre>
 *   dx = Wᵀ dy     dW += dy xᵀ     db += dy, summed over rows
 * </pre>
 */
public final class LinearLayer {
    private final Resources resources;
    private final float[][] weights; // [outputs][inputs] each
    private final float[][] gradients; // likewise
    private final List<Parameter> biases; // [outputs] each; empty if the layer has none
    private final int inputs;
    private final int outputs; // of all matrices together

    public LinearLayer(Resources resources, List<Parameter> weights, List<Parameter> biases) {
        this.resources = resources;
        this.weights = weights.stream().map(Parameter::value).toArray(float[][]::new);
        this.gradients = weights.stream().map(Parameter::gradient).toArray(float[][]::new);
        this.biases = biases;
        inputs = Math.toIntExact(weights.getFirst().shape().getLast());
        outputs = weights.stream().mapToInt(Parameter::rows).sum();
    }

    /** Returns the number of elements of y. */
    int outputs() {
        return outputs;
    }

    /** y = W x + b; with {@code accumulate}, y += W x + b. */
    void forward(Rows x, int rows, Rows y, boolean accumulate) {
        resources.products.forward(x, rows, weights, inputs, y, accumulate);
        int at = 0;
        for (Parameter bias : biases) {
            addBias(bias.value(), rows, y.after(at));
            at += bias.rows();
        }
    }

    private void addBias(float[] bias, int rows, Rows y) {
        resources.eachRow(rows, (row, worker) -> Sums.add(bias, 0, y.array(), y.row(row), bias.length));
    }

    /** dx = Wᵀ dy; adds to the gradients of W and b. */
    void backward(Rows x, Rows dy, int rows, Rows dx) {
        inputGradient(dy, rows, dx);
        weightGradient(x, dy, rows);
    }

    /** dx = Wᵀ dy. */
    void inputGradient(Rows dy, int rows, Rows dx) {
        resources.products.inputGradient(dy, rows, weights, inputs, dx);
    }

    /** Adds to the gradients of W and b. */
    void weightGradient(Rows x, Rows dy, int rows) {
        resources.products.weightGradient(dy, x, rows, gradients, inputs);
        int at = 0;
        for (Parameter bias : biases) {
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
