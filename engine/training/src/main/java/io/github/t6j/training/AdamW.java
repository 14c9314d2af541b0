package io.github.t6j.training;

import io.github.t6j.kernels.Workers;
import java.util.ArrayList;
import java.util.List;

/**
 * AdamW (Loshchilov and Hutter 2019), in f32 as torch computes it. With t from 1, the rate α, and the gradient g after
 * clipping:
 *
 * <pre>
 *   p ← p · (1 − α λ)                      λ is 0 for tensors that do not decay
 *   m ← m + (1 − β₁)(g − m)
 *   v ← β₂ v + (1 − β₂) g²
 *   p ← p − α / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)
 * </pre>
 *
 * Threads share the tensors in slices. Each element is updated independently and the sums of the norm have a fixed
 * order, so the bits do not depend on the number of threads.
 */
final class AdamW {
    private static final int SLICE = 1 << 14;

    /** Elements {@code from … to} of a parameter, its moments m and v, and its decay λ. */
    private record Slice(Parameter parameter, float[] mean, float[] square, int from, int to, double decay) {}

    private final TrainingOptions.Optimizer options;
    private final Workers workers;
    private final List<float[]> means = new ArrayList<>();
    private final List<float[]> squares = new ArrayList<>();
    private final List<Slice> slices = new ArrayList<>();
    private final double[] sums;

    AdamW(List<Parameter> parameters, TrainingOptions.Optimizer options, Workers workers) {
        this.options = options;
        this.workers = workers;
        for (Parameter parameter : parameters) {
            int size = parameter.value().length;
            float[] mean = new float[size];
            float[] square = new float[size];
            means.add(mean);
            squares.add(square);
            double decay = options.decaysVectors() || parameter.isMatrix() ? options.decay() : 0;
            for (int from = 0; from < size; from += SLICE) {
                slices.add(new Slice(parameter, mean, square, from, Math.min(size, from + SLICE), decay));
            }
        }
        sums = new double[slices.size()];
    }

    /** Returns the first moments m, one array per parameter in the order of the parameters. Checkpoints store them. */
    List<float[]> means() {
        return means;
    }

    /** Returns the second moments v, in the same order. Checkpoints store them. */
    List<float[]> squares() {
        return squares;
    }

    /** Returns the 2-norm of all gradients together. */
    double gradientNorm() {
        workers.run(slices.size(), (item, worker) -> sums[item] = sumOfSquares(slices.get(item)));
        double sum = 0;
        for (double part : sums) {
            sum += part;
        }
        return Math.sqrt(sum);
    }

    private static double sumOfSquares(Slice slice) {
        float[] gradient = slice.parameter.gradient();
        double even = 0;
        double odd = 0;
        int i = slice.from;
        for (; i + 1 < slice.to; i += 2) { // two independent chains, which the processor adds in parallel
            even += (double) gradient[i] * gradient[i];
            odd += (double) gradient[i + 1] * gradient[i + 1];
        }
        return i < slice.to ? even + (double) gradient[i] * gradient[i] + odd : even + odd;
    }

    /**
     * Updates every parameter once.
     *
     * @param rate α
     * @param update t, from 1
     * @param factor multiplies the gradients, to clip them
     */
    void step(double rate, long update, double factor) {
        float stepSize = (float) (rate / (1 - StrictMath.pow(options.beta1(), update)));
        float root = (float) Math.sqrt(1 - StrictMath.pow(options.beta2(), update));
        workers.run(slices.size(), (item, worker) -> {
            Slice slice = slices.get(item);
            step(slice, (float) (1 - rate * slice.decay), stepSize, root, (float) factor);
        });
    }

    private void step(Slice slice, float kept, float stepSize, float root, float factor) {
        float[] p = slice.parameter.value();
        float[] gradient = slice.parameter.gradient();
        float[] m = slice.mean;
        float[] v = slice.square;
        float newMean = (float) (1 - options.beta1());
        float oldSquare = (float) options.beta2();
        float newSquare = (float) (1 - options.beta2());
        float epsilon = (float) options.epsilon();
        for (int i = slice.from; i < slice.to; i++) {
            float g = factor * gradient[i];
            m[i] += newMean * (g - m[i]);
            v[i] = oldSquare * v[i] + newSquare * (g * g);
            p[i] = kept * p[i] - stepSize * m[i] / ((float) Math.sqrt(v[i]) / root + epsilon);
        }
    }
}
