package io.github.t6j.model;

import io.github.t6j.attention.Rope;
import io.github.t6j.attention.TensorProduct;
import java.util.List;

/**
 * The sizes and choices that make a model, as tensor shapes, config.json and the user say them.
 *
 * @param variant the attention's name for people: T6, T6 KV-only (and what is unusual), MHA, GQA, MQA, MLA
 * @param vocabulary rows of the embedding, padding included
 * @param layers blocks
 * @param width elements per position between blocks, n_embd
 * @param heads query heads, h
 * @param headDim elements per head, d; with MLA those of a query that are not rotated
 * @param keyValueHeads heads of keys and values, or 0 where those are factored or made of latents
 * @param factors the form of tensor product attention, or null where keys and values are whole or made of latents
 * @param groupNorm whether each head's output is normalised (subln)
 * @param hidden elements per position in the feed-forward part
 * @param contextLength positions the model was trained on, block_size
 * @param rotaryDim first dimensions of a head that RoPE rotates, an even number
 * @param decayBase what rotated elements decay with (rope_decay_base), or 0: no decay
 * @param ropeForm how RoPE pairs and turns elements
 * @param linear whether attention is linear, without a softmax
 * @param latent MLA's other sizes, or null
 * @param assumptions what nothing said and was therefore assumed, a sentence each
 */
public record ModelConfig(
        String variant,
        int vocabulary,
        int layers,
        int width,
        int heads,
        int headDim,
        int keyValueHeads,
        TensorProduct factors,
        boolean groupNorm,
        int hidden,
        int contextLength,
        int rotaryDim,
        float decayBase,
        Rope.Form ropeForm,
        boolean linear,
        LatentSizes latent,
        List<String> assumptions) {

    /** Whether keys and values are factored. */
    public boolean factored() {
        return factors != null;
    }

    /** R_Q, or 0 where the query is whole. */
    public int queryRank() {
        return factored() ? factors.queryRank() : 0;
    }

    /** R_K, or 0 where keys are whole. */
    public int keyRank() {
        return factored() ? factors.keyRank() : 0;
    }

    /** R_V, or 0 where values are whole. */
    public int valueRank() {
        return factored() ? factors.valueRank() : 0;
    }

    /** All that decides what the model computes, as text. */
    String identity() {
        return new ModelConfig(
                variant, vocabulary, layers, width, heads, headDim, keyValueHeads, factors, groupNorm, hidden,
                contextLength, rotaryDim, decayBase, ropeForm, linear, latent, List.of())
                .toString();
    }
}
