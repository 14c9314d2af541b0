package io.github.t6j.training;

import io.github.t6j.training.HeadAttention.Rows;

/**
 * SwiGLU (Shazeer, 2020): y = down · a, a = silu(g) ∘ u, g and u the halves of gateUp · x. Kept are g and u; a is
 * computed again.
 *
 * <pre>
 *   dg = da ∘ u ∘ σ ∘ (1 + g ∘ (1 − σ)),  du = da ∘ g ∘ σ,  σ = 1 / (1 + e^−g)
 * </pre>
 */
final class FeedForward {
    private static final int HIDDEN = 0;

    private final Resources resources;
    private final LinearLayer gateUp; // [2 · hidden][width], gate above up
    private final LinearLayer down; // [width][hidden]
    private final int hidden;
    private final int width;
    private float[] kept = new float[0]; // g | u [rows][2 · hidden]; backwards it becomes dg | du

    FeedForward(Resources resources, LinearLayer gateUp, LinearLayer down) {
        this.resources = resources;
        this.gateUp = gateUp;
        this.down = down;
        hidden = gateUp.outputs() / 2;
        width = down.outputs();
    }

    /** y += the feed-forward part of x; both [rows][width]. */
    void forward(float[] x, int rows, float[] y) {
        kept = Resources.atLeast(kept, rows, 2 * hidden);
        gateUp.forward(new Rows(x, 0, width), rows, new Rows(kept, 0, 2 * hidden), false);
        float[] a = resources.scratch(HIDDEN, rows, hidden);
        resources.eachRow(rows, (row, worker) -> {
            int gate = row * 2 * hidden;
            resources.kernels.swiGlu(kept, gate, gate + hidden, hidden, a, row * hidden);
        });
        down.forward(new Rows(a, 0, hidden), rows, new Rows(y, 0, width), true);
    }

    /** dx = the derivative by x; adds the parameters'. All [rows][width]. */
    void backward(float[] x, float[] dy, int rows, float[] dx) {
        float[] da = resources.scratch(HIDDEN, rows, hidden); // becomes a
        down.inputGradient(new Rows(dy, 0, width), rows, new Rows(da, 0, hidden));
        resources.eachRow(rows, (row, worker) -> {
            int gate = row * 2 * hidden;
            resources.gradients.swiGluGradient(kept, gate, gate + hidden, hidden, da, row * hidden);
        });
        down.weightGradient(new Rows(da, 0, hidden), new Rows(dy, 0, width), rows);
        gateUp.backward(new Rows(x, 0, width), new Rows(kept, 0, 2 * hidden), rows, new Rows(dx, 0, width));
    }
}
