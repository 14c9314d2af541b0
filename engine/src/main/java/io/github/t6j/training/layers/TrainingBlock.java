package io.github.t6j.training.layers;

import io.github.t6j.training.layers.HeadAttention.Rows;
import io.github.t6j.training.layers.Resources.Buffer;

/**
 * One layer: x2 = x1 + W_o · headNorm(attend(norm(x1))), x3 = x2 + feedForward(norm(x2)). The forward pass keeps x1,
 * x2, the output y of the attention, and the state of the attention and the feed-forward part. The backward pass
 * recomputes all norms.
 */
public final class TrainingBlock {
    private final Resources resources;
    private final int width;
    private final TrainingNorm attentionNorm;
    private final TrainableAttention attention;
    private final TrainingNorm headNorm; // of y, a head at a time; or null
    private final int heads;
    private final LinearLayer output; // [width][h · valueDim]
    private final TrainingNorm feedForwardNorm;
    private final TrainingFeedForward feedForward;
    private float[] x1 = new float[0]; // [rows][width]
    private float[] x2 = new float[0]; // [rows][width]
    private float[] y = new float[0]; //  [rows][h · valueDim]

    /** Parts of a layer; {@code headNorm} may be null. */
    public record Parts(
            TrainingNorm attentionNorm, TrainableAttention attention, TrainingNorm headNorm, LinearLayer output,
            TrainingNorm feedForwardNorm, TrainingFeedForward feedForward) {}

    public TrainingBlock(Resources resources, int width, int heads, Parts parts) {
        this.resources = resources;
        this.width = width;
        this.heads = heads;
        attentionNorm = parts.attentionNorm;
        attention = parts.attention;
        headNorm = parts.headNorm;
        output = parts.output;
        feedForwardNorm = parts.feedForwardNorm;
        feedForward = parts.feedForward;
    }

    /** Replaces x1 by x3 in {@code x} [rows][width]. */
    public void forward(float[] x, MicroBatch batch) {
        int rows = batch.rows();
        x1 = Resources.atLeast(x1, rows, width);
        x2 = Resources.atLeast(x2, rows, width);
        y = Resources.atLeast(y, rows, attention.outputs());
        System.arraycopy(x, 0, x1, 0, rows * width);
        attention.forward(normed(attentionNorm, x1, rows), batch, y);
        output.forward(headsNormed(rows), rows, rows(x), true);

        System.arraycopy(x, 0, x2, 0, rows * width);
        feedForward.forward(normed(feedForwardNorm, x2, rows), rows, x);
    }

    /** Replaces dx3 by dx1 in {@code dx} [rows][width]; adds to the gradients of the parameters. */
    public void backward(float[] dx, MicroBatch batch) {
        int rows = batch.rows();
        float[] dnormed = resources.scratch(Buffer.NORMED_GRADIENT, rows, width);
        feedForward.backward(normed(feedForwardNorm, x2, rows), dx, rows, dnormed);
        feedForwardNorm.backward(rows(x2), rows(dnormed), rows, 1, rows(dx), true);

        float[] dy = resources.scratch(Buffer.ATTENTION_GRADIENT, rows, attention.outputs());
        output.backward(headsNormed(rows), rows(dx), rows, heads(dy));
        if (headNorm != null) {
            headNorm.backward(heads(y), heads(dy), rows, heads, heads(dy), false);
        }
        attention.backward(normed(attentionNorm, x1, rows), y, dy, batch, dnormed);
        attentionNorm.backward(rows(x1), rows(dnormed), rows, 1, rows(dx), true);
    }

    private float[] normed(TrainingNorm norm, float[] x, int rows) {
        float[] normed = resources.scratch(Buffer.NORMED, rows, width);
        norm.forward(rows(x), rows, 1, rows(normed));
        return normed;
    }

    /** Returns the input of the output matrix: y, with each head normed if the layer has a head norm. */
    private Rows headsNormed(int rows) {
        if (headNorm == null) {
            return heads(y);
        }
        Rows normed = heads(resources.scratch(Buffer.HEADS_NORMED, rows, attention.outputs()));
        headNorm.forward(heads(y), rows, heads, normed);
        return normed;
    }

    private Rows rows(float[] x) {
        return new Rows(x, 0, width);
    }

    private Rows heads(float[] x) {
        return new Rows(x, 0, attention.outputs());
    }
}
