package io.github.t6j.training.layers;

import io.github.t6j.training.layers.Resources.Buffer;
import io.github.t6j.training.products.Rows;

/**
 * One layer: x2 = x1 + W_o · headNorm(attend(norm(x1))), x3 = x2 + feedForward(norm(x2)). The forward pass keeps x1,
 * x2, the output y of the attention, and the state of the attention and the feed-forward part. The backward pass
 * recomputes all norms.
 */
public final class TrainingBlock {
    private final Resources resources;
    private final int heads;
    private final Parts parts;
    private float[] kept = new float[0]; // all of a layer in one array: G1 rounds each large one up to whole regions
    private Rows x1; // [rows][width]
    private Rows x2; // [rows][width]
    private Rows y; //  [rows][h · valueDim]

    /**
     * Parts of a layer.
     *
     * @param headNorm norm of each head of y, or null
     * @param output [width][h · valueDim]
     */
    public record Parts(
            TrainingNorm attentionNorm, TrainableAttention attention, TrainingNorm headNorm, LinearLayer output,
            TrainingNorm feedForwardNorm, TrainingFeedForward feedForward) {}

    public TrainingBlock(Resources resources, int heads, Parts parts) {
        this.resources = resources;
        this.heads = heads;
        this.parts = parts;
    }

    /** Replaces x1 by x3 in {@code x} [rows][width]. */
    public void forward(Rows x, MicroBatch batch) {
        int rows = batch.rows();
        keep(rows, x.stride());
        x1.copy(x, rows);
        parts.attention.forward(normed(parts.attentionNorm, x1, rows), batch, y);
        parts.output.forward(headsNormed(rows), rows, x, true);

        x2.copy(x, rows);
        parts.feedForward.forward(normed(parts.feedForwardNorm, x2, rows), rows, x);
    }

    /** Makes room for the activations of {@code rows} rows. */
    private void keep(int rows, int width) {
        int outputs = parts.attention.outputs();
        int inner = parts.feedForward.kept();
        int floats = Math.multiplyExact(rows, 2 * width + outputs + inner);
        kept = kept.length >= floats ? kept : new float[floats]; // nothing once it has seen the largest micro-batch
        x1 = new Rows(kept, 0, width);
        x2 = x1.from(rows);
        y = new Rows(kept, 2 * rows * width, outputs);
        parts.feedForward.keep(new Rows(kept, rows * (2 * width + outputs), inner));
    }

    /** Replaces dx3 by dx1 in {@code dx} [rows][width]; adds to the gradients of the parameters. */
    public void backward(Rows dx, MicroBatch batch) {
        int rows = batch.rows();
        Rows dnormed = resources.scratch(Buffer.NORMED_GRADIENT, rows, dx.stride());
        parts.feedForward.backward(normed(parts.feedForwardNorm, x2, rows), dx, rows, dnormed);
        parts.feedForwardNorm.backward(x2, dnormed, rows, 1, dx, true);

        Rows dy = resources.scratch(Buffer.ATTENTION_GRADIENT, rows, y.stride());
        parts.output.backward(headsNormed(rows), dx, rows, dy);
        if (parts.headNorm != null) {
            parts.headNorm.backward(y, dy, rows, heads, dy, false);
        }
        parts.attention.backward(normed(parts.attentionNorm, x1, rows), y, dy, batch, dnormed);
        parts.attentionNorm.backward(x1, dnormed, rows, 1, dx, true);
    }

    private Rows normed(TrainingNorm norm, Rows x, int rows) {
        Rows normed = resources.scratch(Buffer.NORMED, rows, x.stride());
        norm.forward(x, rows, 1, normed);
        return normed;
    }

    /** Returns the input of the output matrix: y, with each head normed if the layer has a head norm. */
    private Rows headsNormed(int rows) {
        if (parts.headNorm == null) {
            return y;
        }
        Rows normed = resources.scratch(Buffer.HEADS_NORMED, rows, y.stride());
        parts.headNorm.forward(y, rows, heads, normed);
        return normed;
    }
}
