package io.github.t6j.training;

import io.github.t6j.kernels.Kernels;
import io.github.t6j.training.HeadAttention.Rows;
import java.util.Arrays;
import java.util.List;
import java.util.function.ObjIntConsumer;

/**
 * y = W x + b, where W may be several matrices with one input, whose outputs stand side by side.
 *
 * <pre>
 *   dx = Wᵀ dy     dW += dy xᵀ     db += dy, summed over rows
 * </pre>
 */
final class LinearLayer {
    private static final int JOINED = 10;

    private final Resources resources;
    private final List<Parameter> weights; // [outputs][inputs] each
    private final List<Parameter> biases; // [outputs] each, or none
    private final int inputs;
    private final int outputs; // of all
    private final boolean joins;

    LinearLayer(Resources resources, List<Parameter> weights, List<Parameter> biases) {
        this.resources = resources;
        this.weights = weights;
        this.biases = biases;
        inputs = Math.toIntExact(weights.getFirst().shape().getLast());
        outputs = weights.stream().mapToInt(Parameter::rows).sum();
        // products compute whole panels of outputs: narrow matrices, such as those of head factors, share them
        joins = weights.size() > 1 && weights.stream().anyMatch(weight -> weight.rows() % Kernels.PANEL != 0);
    }

    /** Elements of y. */
    int outputs() {
        return outputs;
    }

    /** What is done with a matrix [outputs][inputs] whose first output is {@code at}. */
    @FunctionalInterface
    private interface MatrixWork {
        void run(float[] matrix, int at, int outputs);
    }

    /** Each matrix, or a copy of all, one below the other. */
    private void eachMatrix(MatrixWork work) {
        if (joins) {
            float[] joined = resources.scratch(JOINED, outputs, inputs);
            each((weight, at) -> System.arraycopy(
                    weight.value(), 0, joined, at * inputs, weight.value().length));
            work.run(joined, 0, outputs);
        } else {
            each((weight, at) -> work.run(weight.value(), at, weight.rows()));
        }
    }

    /** Adds what {@code work} adds to a matrix to the gradients. */
    private void eachGradient(MatrixWork work) {
        if (joins) {
            float[] joined = resources.scratch(JOINED, outputs, inputs);
            Arrays.fill(joined, 0, outputs * inputs, 0f);
            work.run(joined, 0, outputs);
            each((weight, at) -> Sums.add(joined, at * inputs, weight.gradient()));
        } else {
            each((weight, at) -> work.run(weight.gradient(), at, weight.rows()));
        }
    }

    private void each(ObjIntConsumer<Parameter> work) {
        int at = 0;
        for (Parameter weight : weights) {
            work.accept(weight, at);
            at += weight.rows();
        }
    }

    /** y = W x + b, added to y if {@code accumulate}. */
    void forward(Rows x, int rows, Rows y, boolean accumulate) {
        eachMatrix((matrix, at, count) -> resources.products.forward(
                x.array(), x.at(), x.stride(), rows, matrix, 0, count, inputs, y.array(), y.at() + at, y.stride(),
                accumulate));
        int at = y.at();
        for (Parameter bias : biases) {
            addBias(bias.value(), rows, y.array(), at, y.stride());
            at += bias.rows();
        }
    }

    private void addBias(float[] bias, int rows, float[] y, int at, int stride) {
        resources.eachRow(rows, (row, worker) -> Sums.add(bias, y, at + row * stride));
    }

    /** dx = Wᵀ dy; adds the derivatives by W and b. */
    void backward(Rows x, Rows dy, int rows, Rows dx) {
        inputGradient(dy, rows, dx);
        weightGradient(x, dy, rows);
    }

    /** dx = Wᵀ dy. */
    void inputGradient(Rows dy, int rows, Rows dx) {
        eachMatrix((matrix, at, count) -> resources.products.inputGradient(
                dy.array(), dy.at() + at, dy.stride(), rows, matrix, 0, count, inputs, dx.array(), dx.at(),
                dx.stride(), at > 0));
    }

    /** Adds the derivatives by W and b. */
    void weightGradient(Rows x, Rows dy, int rows) {
        eachGradient((matrix, at, count) -> resources.products.weightGradient(
                dy.array(), dy.at() + at, dy.stride(), x.array(), x.at(), x.stride(), rows, matrix, 0, count, inputs));
        int at = dy.at();
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
