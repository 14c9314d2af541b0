package io.github.t6j.model;

import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.Rope;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Sizes and choices that define a model. A family reads them from tensor shapes, config.json, t6j.json and the user's
 * options.
 *
 * @param family name of the family, whose tensor names and conventions the model uses
 * @param name the attention's name for the user: T6, T6 KV-only (and deviations from the official models), MHA, GQA,
 *     MQA, MLA
 * @param sizes sizes of everything except attention
 * @param attention the attention and its sizes
 * @param linear true for linear attention, which weights values by the scores themselves, without a softmax
 * @param rope rotation of its vectors
 * @param norms presence and epsilon of norms
 * @param optional roles of the tensors that only some models of the family have, and this one has
 * @param assumptions defaults that no file states, a sentence each
 */
public record ModelConfig(
        String family,
        String name,
        Sizes sizes,
        AttentionConfig attention,
        boolean linear,
        Rope.Config rope,
        Norms norms,
        Set<TensorRole> optional,
        List<String> assumptions) {

    /** Creates the configuration of a model with a softmax and without optional tensors. */
    public ModelConfig(
            String family, String name, Sizes sizes, AttentionConfig attention, Rope.Config rope, Norms norms,
            List<String> assumptions) {
        this(family, name, sizes, attention, false, rope, norms, EnumSet.noneOf(TensorRole.class), assumptions);
    }

    /**
     * Sizes of everything except attention.
     *
     * @param vocabulary rows of the embedding, including padding
     * @param layers number of blocks
     * @param width elements of a position between blocks, n_embd
     * @param hidden elements of a position in the feed-forward part
     * @param contextLength number of positions that the model was trained on
     */
    public record Sizes(int vocabulary, int layers, int width, int hidden, int contextLength) {}

    /**
     * Norms of a model.
     *
     * @param epsilon epsilon of the residual stream's norms
     * @param gains true if these norms have gains
     * @param heads true if each head's output is normalised too
     */
    public record Norms(float epsilon, boolean gains, boolean heads) {}

    /** Returns, as text, everything in the configuration that affects the model's results. */
    String identity() {
        return new ModelConfig(family, name, sizes, attention, linear, rope, norms, optional, List.of()).toString();
    }
}
