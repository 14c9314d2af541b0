package io.github.t6j.jmh;

import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import io.github.t6j.training.products.Matrix;
import io.github.t6j.training.products.Products;
import io.github.t6j.training.products.Rows;

/** A linear layer and some rows. */
public final class LinearLayer implements AutoCloseable {
    /** Input, [rows][inputs]. */
    public final float[] x;

    /** Weights, [outputs][inputs]. */
    public final float[] w;

    /** Gradients [rows][outputs]. */
    public final float[] dy;

    private final int rows;
    private final int outputs;
    private final int inputs;
    private final Matrix.Dense[] matrix;
    private final Rows xRows;
    private final Rows dyRows;
    private final Rows y;
    private final Rows dx;
    private final Matrix.Dense[] dw;
    private final Workers workers;
    private final Products products;

    /** Creates a layer of these numbers. */
    public LinearLayer(Kernels kernels, int threads, float[] x, float[] w, float[] dy, int rows) {
        this.x = x;
        this.w = w;
        this.dy = dy;
        this.rows = rows;
        outputs = dy.length / rows;
        inputs = x.length / rows;
        matrix = Matrix.Dense.of(inputs, w);
        xRows = new Rows(x, 0, inputs);
        dyRows = new Rows(dy, 0, outputs);
        y = new Rows(new float[dy.length], 0, outputs);
        dx = new Rows(new float[x.length], 0, inputs);
        dw = Matrix.Dense.of(inputs, new float[w.length]);
        workers = new Workers(threads);
        products = new Products(kernels, workers);
    }

    /** Computes y = W·x. */
    public float[] forward() {
        products.forward(xRows, rows, matrix, y, false);
        return y.array();
    }

    /** Computes dx = Wᵀ·dy. */
    public float[] inputGradient() {
        products.inputGradient(dyRows, rows, matrix, dx, false);
        return dx.array();
    }

    /** Computes dW, to which each call adds dyᵀ·x. */
    public float[] weightGradient() {
        products.weightGradient(dyRows, xRows, rows, dw);
        return dw[0].elements();
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
