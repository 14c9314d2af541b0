package io.github.t6j.model;

import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.TensorRole;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * The sizes and choices that make a model, as a family reads them from tensor shapes, config.json and what the user says.
 *
 * @param family whose names and conventions the model has
 * @param name the attention's name for people: T6, T6 KV-only (and what is unusual), MHA, GQA, MQA, MLA
 * @param sizes of what is not attention
 * @param attention which, and its sizes
 * @param rope how its vectors are rotated
 * @param norms which norms there are
 * @param optional roles of the tensors that some models of the family have, and this one has
 * @param assumptions what nothing said and was therefore assumed, a sentence each
 */
public record ModelConfig(
        String family,
        String name,
        Sizes sizes,
        AttentionConfig attention,
        Rope.Config rope,
        Norms norms,
        Set<TensorRole> optional,
        List<String> assumptions) {

    /** A model of a family whose models all have the same tensors. */
    public ModelConfig(
            String family, String name, Sizes sizes, AttentionConfig attention, Rope.Config rope, Norms norms,
            List<String> assumptions) {
        this(family, name, sizes, attention, rope, norms, EnumSet.noneOf(TensorRole.class), assumptions);
    }

    /**
     * Sizes of what is not attention.
     *
     * @param vocabulary rows of the embedding, padding included
     * @param layers blocks
     * @param width elements of a position between blocks, n_embd
     * @param hidden elements of a position in the feed-forward part
     * @param contextLength positions that the model was trained on
     */
    public record Sizes(int vocabulary, int layers, int width, int hidden, int contextLength) {}

    /**
     * The norms.
     *
     * @param epsilon of the norms of the residual stream
     * @param gains whether these have gains
     * @param heads whether each head's output is normalised, too
     */
    public record Norms(float epsilon, boolean gains, boolean heads) {}

    /** All that decides what the model computes, as text. */
    String identity() {
        return new ModelConfig(family, name, sizes, attention, rope, norms, optional, List.of()).toString();
    }
}
