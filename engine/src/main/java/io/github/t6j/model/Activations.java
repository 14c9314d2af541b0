package io.github.t6j.model;

import io.github.t6j.attention.Attention;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.PackedMatMul;
import io.github.t6j.kernels.Workers;

/** One sequence's buffers for the rows of positions that pass through the blocks together; reused for every pass. */
final class Activations {
    /** Rows of the largest pass: enough that a block of weights read from memory is used often. */
    static final int ROWS = 128;

    /** Rows whose logits are computed together: a vocabulary of them is large. */
    static final int LOGIT_ROWS = 16;

    final int rows; // of the largest pass that fits
    final PackedMatMul product;
    final Workers workers;
    final Workers.Work normRow; //     normed = x / rms(x)
    final Workers.Work activateRow; // hidden = silu(gate) ∘ up

    final float[] x; //           [rows][width], the residual stream
    final float[] normed; //      [rows][width]
    final float[] latents; //     [rows][the projection's down.stride()], with MLA
    final float[] queries; //     [rows][the projection's up.stride()], with MLA
    final float[] projections; // [rows][projectionStride]
    final float[] attended; //    [rows][heads·valueDim]
    final float[] gateUp; //      [rows][gateUpStride], gate then up
    final float[] hidden; //      [rows][hidden]
    final float[] update; //      [rows][widthStride], what a half of a block adds to x
    float[] logits; //            [1 or LOGIT_ROWS][vocabularyStride]
    final float[] cos; //         [rows][pairs]
    final float[] sin; //         [rows][pairs]
    final float[][] lanes; //     [workers][LANES]

    final int projectionStride;
    final int gateUpStride;
    final int widthStride;

    /** Buffers for passes of at most {@code rows} rows, {@link #ROWS} or fewer. */
    Activations(Transformer model, int rows) {
        this.rows = rows;
        Kernels kernels = model.kernels();
        workers = model.workers();
        product = new PackedMatMul(kernels, workers);
        ModelConfig config = model.config();
        Attention attention = model.attention();
        projectionStride = Math.max(padded(attention.projections()), attention.rowFloats());
        gateUpStride = padded(2 * config.hidden());
        widthStride = padded(config.width());
        x = new float[rows * config.width()];
        normed = new float[rows * config.width()];
        LatentSizes latent = config.latent();
        latents = new float[latent == null ? 0 : rows * padded(latent.queryRank() + latent.rank() + latent.rope())];
        queries = new float[latent == null ? 0 : rows * padded(attention.heads() * attention.headDim())];
        projections = new float[rows * projectionStride];
        attended = new float[rows * attention.heads() * attention.valueDim()];
        gateUp = new float[rows * gateUpStride];
        hidden = new float[rows * config.hidden()];
        update = new float[rows * widthStride];
        logits = new float[padded(config.vocabulary())];
        cos = new float[rows * model.rope().pairs()];
        sin = new float[rows * model.rope().pairs()];
        lanes = new float[workers.threads()][Kernels.LANES];
        int width = config.width();
        normRow = (row, worker) -> kernels.rmsNorm(
                x, row * width, width, RmsNorm.EPSILON, null, normed, row * width, lanes[worker]);
        int inner = config.hidden();
        activateRow = (row, worker) -> kernels.swiGlu(
                gateUp, row * gateUpStride, row * gateUpStride + inner, inner, hidden, row * inner);
    }

    private static int padded(int n) {
        return (n + Kernels.PANEL - 1) / Kernels.PANEL * Kernels.PANEL;
    }
}
