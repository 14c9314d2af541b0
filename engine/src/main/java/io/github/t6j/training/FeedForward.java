package io.github.t6j.training;

import static io.github.t6j.kernels.ScalarKernels.LOG2_E;

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
    private static final int HIDDEN_GRADIENT = 1;

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
        down.forward(activated(rows), rows, new Rows(y, 0, width), true);
    }

    /** a = silu(g) ∘ u [rows][hidden]. */
    private Rows activated(int rows) {
        float[] a = resources.scratch(HIDDEN, rows, hidden);
        resources.eachRow(rows, (row, worker) -> {
            int gate = row * 2 * hidden;
            resources.kernels.swiGlu(kept, gate, gate + hidden, hidden, a, row * hidden);
        });
        return new Rows(a, 0, hidden);
    }

    /** dx = the derivative by x; adds the parameters'. All [rows][width]. */
    void backward(float[] x, float[] dy, int rows, float[] dx) {
        float[] da = resources.scratch(HIDDEN_GRADIENT, rows, hidden);
        down.backward(activated(rows), new Rows(dy, 0, width), rows, new Rows(da, 0, hidden));
        resources.eachRow(rows, (row, worker) -> swiGluBackward(da, row * hidden, row * 2 * hidden));
        gateUp.backward(new Rows(x, 0, width), new Rows(kept, 0, 2 * hidden), rows, new Rows(dx, 0, width));
    }

    private void swiGluBackward(float[] da, int daAt, int at) {
        for (int i = 0; i < hidden; i++) {
            float g = kept[at + i];
            float u = kept[at + hidden + i];
            float sigmoid = 1 / (1 + resources.kernels.exp2(g * -LOG2_E));
            kept[at + i] = da[daAt + i] * u * sigmoid * (1 + g * (1 - sigmoid));
            kept[at + hidden + i] = da[daAt + i] * g * sigmoid;
        }
    }
}
