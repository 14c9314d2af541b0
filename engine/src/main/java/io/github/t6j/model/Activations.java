package io.github.t6j.model;

import io.github.t6j.attention.Attention;
import io.github.t6j.attention.AttentionPath;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Product;
import io.github.t6j.kernels.Workers;

/** One session's buffers for the rows of positions that pass through the blocks together; reused for every pass. */
final class Activations {
    /** Rows of the largest pass: enough that a block of weights read from memory is used often. */
    static final int ROWS = 128;

    /** Rows whose logits are computed together: a vocabulary of them is large. */
    static final int LOGIT_ROWS = 16;

    final AttentionPath path;
    final Product product;
    final Workers workers;

    final float[] x; //           [ROWS][width], the residual stream
    final float[] normed; //      [ROWS][width]
    final float[] latents; //     [ROWS][the projection's down.stride()], with MLA
    final float[] queries; //     [ROWS][the projection's up.stride()], with MLA
    final float[] projections; // [ROWS][projectionStride]
    final float[] attended; //    [ROWS][heads·valueDim]
    final float[] gateUp; //      [ROWS][gateUpStride], gate then up
    final float[] hidden; //      [ROWS][hidden]
    final float[] update; //      [ROWS][widthStride], what a half of a block adds to x
    float[] logits; //            [1 or LOGIT_ROWS][vocabularyStride]
    final float[] cos; //         [ROWS][pairs]
    final float[] sin; //         [ROWS][pairs]
    final float[][] lanes; //     [workers][LANES]

    final int projectionStride;
    final int gateUpStride;
    final int widthStride;

    Activations(Transformer model, AttentionPath path, Product product, Workers workers) {
        this.path = path;
        this.product = product;
        this.workers = workers;
        ModelConfig config = model.config();
        Attention attention = model.attention();
        projectionStride = Math.max(padded(attention.projections()), attention.rowFloats());
        gateUpStride = padded(2 * config.hidden());
        widthStride = padded(config.width());
        x = new float[ROWS * config.width()];
        normed = new float[ROWS * config.width()];
        LatentSizes latent = config.latent();
        latents = new float[latent == null ? 0 : ROWS * padded(latent.queryRank() + latent.rank() + latent.rope())];
        queries = new float[latent == null ? 0 : ROWS * padded(attention.heads() * attention.headDim())];
        projections = new float[ROWS * projectionStride];
        attended = new float[ROWS * attention.heads() * attention.valueDim()];
        gateUp = new float[ROWS * gateUpStride];
        hidden = new float[ROWS * config.hidden()];
        update = new float[ROWS * widthStride];
        logits = new float[padded(config.vocabulary())];
        cos = new float[ROWS * model.rope().pairs()];
        sin = new float[ROWS * model.rope().pairs()];
        lanes = new float[workers.threads()][Kernels.LANES];
    }

    private static int padded(int n) {
        return (n + Kernels.PANEL - 1) / Kernels.PANEL * Kernels.PANEL;
    }
}
