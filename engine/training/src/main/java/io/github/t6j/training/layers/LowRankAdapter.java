package io.github.t6j.training.layers;

import io.github.t6j.training.layers.Resources.Buffer;
import io.github.t6j.training.products.Matrix;
import io.github.t6j.training.products.Rows;
import io.github.t6j.training.products.Sums;
import java.util.Arrays;
import java.util.List;

/**
 * Low-rank adapter of a linear layer (LoRA, Hu et al. 2021): y += B u, u = s A x, for each matrix of the layer. The
 * forward pass keeps u.
 *
 * <pre>
 *   du = Bᵀ dy     dx += s Aᵀ du     dA += s du xᵀ     dB += dy uᵀ
 * </pre>
 *
 * The gradient of B is computed transposed, because tiles are wide: a row of B has only as many elements as the rank.
 */
public final class LowRankAdapter {
    private final Resources resources;
    private final List<Pair> pairs;
    private final float scale;
    private final int rank;
    private final Matrix[] down; // A of all pairs, [rank][inputs] each
    private final Matrix.Dense[] downGradients; // of the same shapes
    private Rows kept = Rows.NONE; // u of all pairs side by side: [rows][pairs][rank]

    /**
     * Factors of the change of a matrix.
     *
     * @param a [rank][inputs]
     * @param b [outputs][rank]
     */
    public record Pair(TrainingTensor a, TrainingTensor b) {}

    /**
     * Creates the adapter of a layer.
     *
     * @param pairs one for each matrix of the layer, in their order, all of one rank
     * @param scale s
     */
    public LowRankAdapter(Resources resources, List<Pair> pairs, float scale) {
        this.resources = resources;
        this.pairs = pairs;
        this.scale = scale;
        rank = pairs.getFirst().a.rows();
        down = pairs.stream().map(pair -> pair.a.matrix()).toArray(Matrix[]::new);
        downGradients = pairs.stream().map(pair -> pair.a.gradientMatrix()).toArray(Matrix.Dense[]::new);
    }

    private int width() {
        return pairs.size() * rank;
    }

    /** y += B u. */
    void forward(Rows x, int rows, Rows y) {
        kept = kept.atLeast(rows, width());
        resources.products.forward(x, rows, down, kept, false);
        scale(kept, rows);
        int at = 0;
        for (int i = 0; i < pairs.size(); i++) {
            resources.products.forward(kept.after(i * rank), rows, up(i), y.after(at), true);
            at += pairs.get(i).b.rows();
        }
    }

    /** dx += s Aᵀ du. */
    void inputGradient(Rows dy, int rows, Rows dx) {
        Rows du = resources.scratch(Buffer.LOW_RANK_GRADIENT, rows, width());
        int at = 0;
        for (int i = 0; i < pairs.size(); i++) {
            resources.products.inputGradient(dy.after(at), rows, up(i), du.after(i * rank), false);
            at += pairs.get(i).b.rows();
        }
        scale(du, rows);
        resources.products.inputGradient(du, rows, down, dx, true);
    }

    /** Adds to the gradients of A and B; {@link #inputGradient} of the same dy comes directly before. */
    void weightGradient(Rows x, Rows dy, int rows) {
        Rows du = resources.scratch(Buffer.LOW_RANK_GRADIENT, rows, width());
        resources.products.weightGradient(du, x, rows, downGradients);
        int at = 0;
        for (int i = 0; i < pairs.size(); i++) {
            TrainingTensor b = pairs.get(i).b;
            float[] transposed = resources.scratch(Buffer.TRANSPOSED_GRADIENT, rank, b.rows()).array();
            Arrays.fill(transposed, 0, rank * b.rows(), 0f);
            resources.products.weightGradient(
                    kept.after(i * rank), dy.after(at), rows,
                    new Matrix.Dense[] {new Matrix.Dense(transposed, rank, b.rows())});
            addTransposed(transposed, b);
            at += b.rows();
        }
    }

    private Matrix[] up(int pair) {
        return new Matrix[] {pairs.get(pair).b.matrix()};
    }

    private void addTransposed(float[] transposed, TrainingTensor b) {
        resources.eachRow(b.rows(), (row, worker) -> {
            for (int k = 0; k < rank; k++) {
                b.gradient()[row * rank + k] += transposed[k * b.rows() + row];
            }
        });
    }

    private void scale(Rows u, int rows) {
        resources.eachRow(rows, (row, worker) -> Sums.scale(u.array(), u.row(row), width(), scale));
    }
}
