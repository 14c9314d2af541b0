package io.github.t6j.training.layers;

import io.github.t6j.training.layers.Resources.Buffer;
import io.github.t6j.training.products.Rows;

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
    private Rows kept; // g | u [rows][2 · hidden]; the backward pass replaces it by dg | du

    public TrainingFeedForward(Resources resources, LinearLayer gateUp, LinearLayer down) {
        this.resources = resources;
        this.gateUp = gateUp;
        this.down = down;
        hidden = gateUp.outputs() / 2;
    }

    /** Returns the number of elements of a row that the forward pass keeps. */
    int kept() {
        return 2 * hidden;
    }

    /** Sets the rows [rows][2 · hidden] that the next forward pass keeps. */
    void keep(Rows rows) {
        kept = rows;
    }

    /** y += down · a; x and y [rows][width]. */
    void forward(Rows x, int rows, Rows y) {
        gateUp.forward(x, rows, kept, false);
        Rows a = resources.scratch(Buffer.WIDE, rows, hidden);
        resources.eachRow(rows, (row, worker) -> resources.kernels.swiGlu(
                kept.array(), kept.row(row), kept.row(row) + hidden, hidden, a.array(), a.row(row)));
        down.forward(a, rows, y, true);
    }

    /** Writes dx, the derivative by x, and adds to the gradients of the parameters; x, dy and dx [rows][width]. */
    void backward(Rows x, Rows dy, int rows, Rows dx) {
        Rows da = resources.scratch(Buffer.WIDE, rows, hidden); // becomes a
        down.inputGradient(dy, rows, da);
        resources.eachRow(rows, (row, worker) -> resources.gradients.swiGluGradient(
                kept.array(), kept.row(row), kept.row(row) + hidden, hidden, da.array(), da.row(row)));
        down.weightGradient(da, dy, rows);
        gateUp.backward(x, kept, rows, dx);
    }
}
