package io.github.t6j.training.layers;

import io.github.t6j.training.layers.HeadAttention.Rows;
import io.github.t6j.training.layers.Resources.Buffer;

/**
 * SwiGLU (Shazeer, 2020): y = down · a, a = silu(g) ∘ u, where g and u are the halves of gateUp · x. The forward pass
 * keeps g and u; the backward pass recomputes a.
 *
 * <pre>
 *   dg = da ∘ u ∘ σ ∘ (1 + g ∘ (1 − σ)),  du = da ∘ g ∘ σ,  σ = 1 / (1 + e^−g)
 * </pre>
 */
public final class TrainingFeedForward {
    private final Resources resources;
    private final LinearLayer gateUp; // [2 · hidden][width], gate above up
    private final LinearLayer down; // [width][hidden]
    private final int hidden;
    private final int width;
    private float[] kept = new float[0]; // g | u [rows][2 · hidden]; the backward pass replaces it by dg | du

    public TrainingFeedForward(Resources resources, LinearLayer gateUp, LinearLayer down) {
        this.resources = resources;
        this.gateUp = gateUp;
        this.down = down;
        hidden = gateUp.outputs() / 2;
        width = down.outputs();
    }

    /** y += down · a; x and y [rows][width]. */
    void forward(float[] x, int rows, float[] y) {
        kept = Resources.atLeast(kept, rows, 2 * hidden);
        gateUp.forward(new Rows(x, 0, width), rows, new Rows(kept, 0, 2 * hidden), false);
        float[] a = resources.scratch(Buffer.HIDDEN, rows, hidden);
        resources.eachRow(rows, (row, worker) -> {
            int gate = row * 2 * hidden;
            resources.kernels.swiGlu(kept, gate, gate + hidden, hidden, a, row * hidden);
        });
        down.forward(new Rows(a, 0, hidden), rows, new Rows(y, 0, width), true);
    }

    /** Writes dx, the derivative by x, and adds to the gradients of the parameters; x, dy and dx [rows][width]. */
    void backward(float[] x, float[] dy, int rows, float[] dx) {
        float[] da = resources.scratch(Buffer.HIDDEN, rows, hidden); // becomes a
        down.inputGradient(new Rows(dy, 0, width), rows, new Rows(da, 0, hidden));
        resources.eachRow(rows, (row, worker) -> {
            int gate = row * 2 * hidden;
            resources.gradients.swiGluGradient(kept, gate, gate + hidden, hidden, da, row * hidden);
        });
        down.weightGradient(new Rows(da, 0, hidden), new Rows(dy, 0, width), rows);
        gateUp.backward(new Rows(x, 0, width), new Rows(kept, 0, 2 * hidden), rows, new Rows(dx, 0, width));
    }
}
