package io.github.t6j.model;

import io.github.t6j.attention.Attention;
import io.github.t6j.attention.AttentionStep;
import io.github.t6j.attention.LayerPlace;
import io.github.t6j.attention.Projection;
import io.github.t6j.attention.layers.OutputGate;
import io.github.t6j.kernels.PackedMatrix;
import java.util.stream.Stream;

/**
 * One layer.
 *
 * @param place place of the layer among the layers of its kind
 * @param projection computes everything that attention needs of a position
 * @param gate gates of attention's output, or null
 * @param headNorm norm of attention's output, or null
 * @param output W_o [width][heads·valueDim]
 * @param outputBias [width], or null
 * @param attentionPostNorm norm of the attention part, or null
 * @param feedForwardPostNorm norm of the feed-forward part, or null
 * @param attentionRotation rotation by the attention part, or null to add it
 * @param feedForwardRotation rotation by the feed-forward part, or null to add it
 */
record Block(
        LayerPlace place, RowOperation attentionNorm, Projection projection, Attention attention, OutputGate gate,
        HeadNorm headNorm,
        PackedMatrix output, float[] outputBias, RmsNorm attentionPostNorm, RowOperation feedForwardNorm,
        FeedForward feedForward, RmsNorm feedForwardPostNorm, Rotation attentionRotation,
        Rotation feedForwardRotation) {

    /**
     * Computes x += W_o · attend(norm(x)); x += feedForward(norm(x)), for all rows of the pass; each update may be
     * normed first.
     */
    void forward(AttentionStep step, Activations a) {
        a.eachRow(attentionNorm);
        cache(step, a);
        attend(step, a);
        update(a);
    }

    /** Does the same for the needed rows only, as the last block; other rows are cached and not computed further. */
    void forwardNeeded(AttentionStep step, Activations a) {
        a.eachRow(attentionNorm);
        cache(step, a);
        if (a.needsRows() || attention.stateElements() > 0) { // a state advances only with attention
            attend(step, a);
        }
        if (a.needsRows()) {
            a.keepNeededRows();
            update(a);
        }
    }

    /** Projects normed, and appends what attention caches. */
    void cache(AttentionStep step, Activations a) {
        a.attentionPass.setLayer(attention, place);
        projection.project(a.normed, a.attentionPass, a.matMul); // A_Q B_Q A_K B_K A_V B_V, or q k v, or latents
        a.rotateAndActivate();
        step.append(a.attentionPass); // TPA: 2·r·(h+d) elements, not 2·h·d
    }

    /** Sets the output of attention, gated. */
    void attend(AttentionStep step, Activations a) {
        step.attend(a.attentionPass);
        if (attention.finishes()) {
            a.finishOutput();
        }
        if (gate != null) {
            a.applyGate(gate);
        }
    }

    /** Computes everything that follows attention. */
    private void update(Activations a) {
        multiplyOutput(a);
        update(a, attentionPostNorm, attentionRotation);

        a.eachRow(feedForwardNorm);
        feedForward.forward(a);
        update(a, feedForwardPostNorm, feedForwardRotation);
    }

    private static void update(Activations a, RmsNorm postNorm, Rotation rotation) {
        if (rotation == null) {
            a.addUpdate(postNorm);
        } else {
            a.eachRow(rotation);
        }
    }

    /** Sets update to W_o · output of attention. */
    void multiplyOutput(Activations a) {
        if (headNorm != null) {
            a.eachRow(headNorm);
        }
        a.matMul.multiply(output, a.attentionPass.output, a.attentionPass.outputWidth(), a.rows(), a.update);
        a.matMul.add(outputBias, a.rows(), a.update, a.updateStride);
    }

    /** Returns all matrices except those that attention itself reads. */
    Stream<PackedMatrix> matrices() {
        return Stream.concat(
                Stream.concat(projection.matrices().stream(), Stream.of(output)),
                Stream.concat(OutputGate.matrices(gate), feedForward.matrices()));
    }

    /**
     * Root mean square norm of each head's output, the group norm in the paper's reference code (attn.subln).
     *
     * @param gain [valueDim], shared by all heads
     */
    record HeadNorm(float[] gain) implements RowOperation {
        /** Normalises the heads of the attention's output in place. */
        @Override
        public void row(Activations a, int row, int worker) {
            float[] output = a.attentionPass.output;
            int size = gain.length;
            int width = a.attentionPass.heads() * size;
            for (int at = row * width; at < (row + 1) * width; at += size) {
                a.kernels.rmsNorm(output, at, size, ModelConfig.Norms.HEAD_EPSILON, gain, output, at, a.lanes[worker]);
            }
        }
    }
}
