package io.github.t6j.model;

import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.TensorRole;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;

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
 * @param rope rotation of queries and keys
 * @param norms presence and epsilon of norms
 * @param experts experts of the feed-forward parts, or null
 * @param optional roles of the optional tensors that this model has
 * @param assumptions defaults used where no file states a value, one sentence each
 * @param scales multipliers and other departures from the plain transformer
 * @param imageId id of the image placeholder in prompts of a multimodal model, or {@link #NO_IMAGE}
 * @param blocks parts of blocks and of the head that only hybrid models have
 */
public record ModelConfig(
        String family, String name, Sizes sizes, AttentionConfig attention, boolean linear, Rope.Config rope,
        Norms norms, Experts experts, Set<TensorRole> optional, List<String> assumptions, Scales scales,
        int imageId, Blocks blocks) {
    /** Image id of a text-only model. */
    public static final int NO_IMAGE = -1;

    /** Creates the configuration of a model with plain blocks. */
    public ModelConfig(
            String family, String name, Sizes sizes, AttentionConfig attention, boolean linear, Rope.Config rope,
            Norms norms, Experts experts, Set<TensorRole> optional, List<String> assumptions, Scales scales,
            int imageId) {
        this(family, name, sizes, attention, linear, rope, norms, experts, optional, assumptions, scales, imageId,
                Blocks.PLAIN);
    }

    /** Creates the configuration of a model with plain scales and without experts. */
    public ModelConfig(
            String family, String name, Sizes sizes, AttentionConfig attention, boolean linear, Rope.Config rope,
            Norms norms, Set<TensorRole> optional, List<String> assumptions) {
        this(family, name, sizes, attention, linear, rope, norms, null, optional, assumptions, Scales.PLAIN,
                NO_IMAGE);
    }

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
     * @param hidden elements of a position in the feed-forward part; without dense layers, in one expert
     * @param contextLength number of positions that the model was trained on
     */
    public record Sizes(int vocabulary, int layers, int width, int hidden, int contextLength) {}

    /**
     * Norms of a model.
     *
     * @param epsilon epsilon of the residual stream's norms
     * @param heads true if each head's output is normalised too
     */
    public record Norms(float epsilon, boolean heads) {
        /** Epsilon of the norm of each head's output, the group norm of the official models. */
        public static final float HEAD_EPSILON = 1e-5f;
    }

    /** Activation of the feed-forward part's gate. */
    public enum Activation {
        /** x / (1 + e^−x). */
        SILU,
        /** GELU in its tanh form, ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))). */
        GELU_TANH,
        /** max(x, 0)², without a gate. */
        SQUARED_RELU
    }

    /** Norm of an embedding's rows before the first block. */
    public enum EmbeddingNorm {
        /** None. */
        NONE,
        /** To the length 1. */
        UNIT,
        /** To a root mean square of 1. */
        RMS
    }

    /**
     * Parts of blocks and of the head that only hybrid models have.
     *
     * @param embedding norm of embeddings
     * @param rotates true if updates rotate the residual stream, which keeps its length, instead of being added; blocks
     *     then have no norms of their inputs
     * @param scalesByDepth true if inputs of block i are divided by √(i + 1)
     * @param outputNorm true if a norm precedes the output matrix
     * @param cosineLogits true if logits are cosines times a factor
     * @param latent experts in a latent, or null
     */
    public record Blocks(EmbeddingNorm embedding, boolean rotates, boolean scalesByDepth, boolean outputNorm,
            boolean cosineLogits, LatentExperts latent) {
        /** Blocks of the plain transformer. */
        public static final Blocks PLAIN = new Blocks(EmbeddingNorm.NONE, false, false, true, false, null);

        /** Returns the factor of the inputs of a block. */
        float inputScale(int block) {
            return scalesByDepth ? (float) (1 / Math.sqrt(block + 1.0)) : 1f;
        }
    }

    /**
     * Experts with a sigmoid router, without gate matrices, which may work in a latent beside a shared expert.
     *
     * @param width elements of the latent, or 0 without one
     * @param shared elements inside the expert that all positions use, or 0 without one
     * @param sharedGate true if the shared expert has a gate
     * @param scale factor of the sum of the chosen experts
     */
    public record LatentExperts(int width, int shared, boolean sharedGate, float scale) {}

    /**
     * Multipliers, limits and the activation.
     *
     * @param embedding factor of the embedding's rows, not of the output matrix
     * @param residual factor of what a block adds to the residual stream
     * @param logits divisor of the logits
     * @param logitCap limit c of soft-capped logits, c · tanh(logit / c), or 0 for none
     * @param gainOffset number that is added to each gain of a norm when it is loaded
     */
    public record Scales(float embedding, float residual, float logits, float logitCap, float gainOffset,
            Activation activation) {
        /** Scales of the plain transformer. */
        public static final Scales PLAIN = new Scales(1f, 1f, 1f, 0f, 0f, Activation.SILU);

        boolean hasPlainLogits() {
            return logits == 1f && logitCap == 0f;
        }
    }

    /**
     * Experts of the feed-forward parts.
     *
     * @param count number of experts in a layer
     * @param used number of experts that a position uses
     * @param hidden elements of a position in an expert
     * @param normalised true if the weights of a position's experts are divided by their sum
     * @param layers layers with experts; the others are dense
     */
    public record Experts(int count, int used, int hidden, boolean normalised, SortedSet<Integer> layers) {}

    /** Returns true if the feed-forward part of a layer has experts. */
    public boolean hasExperts(int layer) {
        return experts != null && experts.layers().contains(layer);
    }

    /**
     * Returns, as text, everything in the configuration that affects results. The text of a model must not change, so
     * that sessions saved by earlier versions stay valid: later parts are omitted if the model does not use them.
     */
    String identity() {
        return "ModelConfig[family=" + family + ", name=" + name + ", sizes=" + sizes + ", attention=" + attention
                + ", linear=" + linear + ", rope=" + rope + ", norms=" + norms
                + (experts == null ? "" : ", experts=" + experts) + ", optional=" + optional + ", assumptions=[]"
                + (scales.equals(Scales.PLAIN) ? "" : ", scales=" + scales)
                + (blocks.equals(Blocks.PLAIN) ? "" : ", blocks=" + blocks) + "]";
    }
}
