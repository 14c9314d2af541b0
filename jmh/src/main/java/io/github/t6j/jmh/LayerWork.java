package io.github.t6j.jmh;

import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import io.github.t6j.training.layers.Products;

/** A linear layer and some rows. */
public final class LayerWork implements AutoCloseable {
    /** Input, [rows][inputs]. */
    public final float[] x;

    /** Weights, [outputs][inputs]. */
    public final float[] w;

    /** Gradients [rows][outputs]. */
    public final float[] dy;

    private final int rows;
    private final int outputs;
    private final int inputs;
    private final float[] y;
    private final float[] dx;
    private final float[] dw;
    private final Workers workers;
    private final Products products;

    /** Creates a layer of these numbers. */
    public LayerWork(Kernels kernels, int threads, float[] x, float[] w, float[] dy, int rows) {
        this.x = x;
        this.w = w;
        this.dy = dy;
        this.rows = rows;
        outputs = dy.length / rows;
        inputs = x.length / rows;
        y = new float[dy.length];
        dx = new float[x.length];
        dw = new float[w.length];
        workers = new Workers(threads);
        products = new Products(kernels, workers);
    }

    /** Computes y = W·x. */
    public float[] forward() {
        products.forward(x, 0, inputs, rows, w, 0, outputs, inputs, y, 0, outputs, false);
        return y;
    }

    /** Computes dx = Wᵀ·dy. */
    public float[] inputGradient() {
        products.inputGradient(dy, 0, outputs, rows, w, 0, outputs, inputs, dx, 0, inputs, false);
        return dx;
    }

    /** Computes dW, to which each call adds dyᵀ·x. */
    public float[] weightGradient() {
        products.weightGradient(dy, 0, outputs, x, 0, inputs, rows, dw, 0, outputs, inputs);
        return dw;
    }

    /** Returns multiplications and additions of each product. */
    public long flops() {
        return 2L * rows * outputs * inputs;
    }

    /** Stops the threads and frees the memory. */
    @Override
    public void close() {
        products.close();
        workers.close();
    }
}
