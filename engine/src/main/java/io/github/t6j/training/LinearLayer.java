package io.github.t6j.training;

import io.github.t6j.training.HeadAttention.Rows;
import java.util.List;

/**
 * y = W x + b, where W may be several matrices with one input, whose outputs stand side by side.
 *
 * <pre>
 *   dx = Wᵀ dy     dW += dy xᵀ     db += dy, summed over rows
 * </pre>
 */
final class LinearLayer {
    private final Resources resources;
    private final List<Parameter> weights; // [outputs][inputs] each
    private final List<Parameter> biases; // [outputs] each, or none
    private final int inputs;
    private final int outputs; // of all

    LinearLayer(Resources resources, List<Parameter> weights, List<Parameter> biases) {
        this.resources = resources;
        this.weights = weights;
        this.biases = biases;
        inputs = Math.toIntExact(weights.getFirst().shape().getLast());
        outputs = weights.stream().mapToInt(Parameter::rows).sum();
    }

    /** Elements of y. */
    int outputs() {
        return outputs;
    }

    /** y = W x + b, added to y if {@code accumulate}. */
    void forward(Rows x, int rows, Rows y, boolean accumulate) {
        int at = y.at();
        for (Parameter weight : weights) {
            resources.products.forward(
                    x.array(), x.at(), x.stride(), rows, weight.value(), 0, weight.rows(), inputs, y.array(), at,
                    y.stride(), accumulate);
            at += weight.rows();
        }
        at = y.at();
        for (Parameter bias : biases) {
            addBias(bias.value(), rows, y.array(), at, y.stride());
            at += bias.rows();
        }
    }

    private void addBias(float[] bias, int rows, float[] y, int at, int stride) {
        resources.eachRow(rows, (row, worker) -> {
            for (int i = 0; i < bias.length; i++) {
                y[at + row * stride + i] += bias[i];
            }
        });
    }

    /** dx = Wᵀ dy; adds the derivatives by W and b. */
    void backward(Rows x, Rows dy, int rows, Rows dx) {
        int at = dy.at();
        for (Parameter weight : weights) {
            resources.products.inputGradient(
                    dy.array(), at, dy.stride(), rows, weight.value(), 0, weight.rows(), inputs, dx.array(), dx.at(),
                    dx.stride(), at > dy.at());
            resources.products.weightGradient(
                    dy.array(), at, dy.stride(), x.array(), x.at(), x.stride(), rows, weight.gradient(), 0,
                    weight.rows(), inputs);
            at += weight.rows();
        }
        at = dy.at();
        for (Parameter bias : biases) {
            sumBias(bias.gradient(), rows, dy.array(), at, dy.stride());
            at += bias.rows();
        }
    }

    private void sumBias(float[] gradient, int rows, float[] dy, int dyAt, int stride) {
        resources.sumRows(rows, gradient, (from, to, sums, at) -> {
            for (int row = from; row < to; row++) {
                for (int i = 0; i < gradient.length; i++) {
                    sums[at + i] += dy[dyAt + row * stride + i];
                }
            }
        });
    }
}
