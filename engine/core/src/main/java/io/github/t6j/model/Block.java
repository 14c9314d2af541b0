package io.github.t6j.model;

import io.github.t6j.attention.Attention;
import io.github.t6j.attention.AttentionStep;
import io.github.t6j.attention.LayerPlace;
import io.github.t6j.attention.Projection;
import io.github.t6j.kernels.PackedMatrix;
import java.util.stream.Stream;

/**
 * One layer.
 *
 * @param place place of the layer among those of its kind
 * @param projection computes everything that attention needs of a position
 * @param headNorm norm of attention's output, or null
 * @param output W_o [width][heads·valueDim]
 * @param outputBias [width], or null
 * @param attentionPostNorm norm of the attention part, or null
 * @param feedForwardPostNorm norm of the feed-forward part, or null
 */
record Block(
        LayerPlace place, RmsNorm attentionNorm, Projection projection, Attention attention, HeadNorm headNorm,
        PackedMatrix output, float[] outputBias, RmsNorm attentionPostNorm, RmsNorm feedForwardNorm,
        FeedForward feedForward, RmsNorm feedForwardPostNorm) {

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

    private void attend(AttentionStep step, Activations a) {
        step.attend(a.attentionPass);
        if (attention.finishes()) {
            a.finishOutput();
        }
    }

    /** Computes everything that follows attention. */
    private void update(Activations a) {
        multiplyOutput(a);
        a.addUpdate(attentionPostNorm);

        a.eachRow(feedForwardNorm);
        feedForward.forward(a);
        a.addUpdate(feedForwardPostNorm);
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
                Stream.concat(projection.matrices().stream(), Stream.of(output)), feedForward.matrices());
    }
}
