package io.github.t6j.model;

import io.github.t6j.ModelFormatException;
import io.github.t6j.attention.Attention;
import io.github.t6j.attention.GroupedQueryAttention;
import io.github.t6j.attention.TensorProductAttention;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * What kind of model a checkpoint holds: tensor names and shapes decide, config.json is checked against them and gives
 * what they cannot show, the user says the rest.
 */
final class Architecture {
    private static final Set<String> VARIANTS = Set.of("full", "partialrope", "partialrope-decay", "linearattn");

    private final ModelTensors tensors;
    private final ConfigJson config;
    private final List<String> assumptions = new ArrayList<>();

    private Architecture(ModelTensors tensors, ConfigJson config) {
        this.tensors = tensors;
        this.config = config;
    }

    /**
     * @param variant one of full, partialrope, partialrope-decay, linearattn, or null where config.json must say it
     * @throws ModelFormatException for a model of another kind, with its name where it is known
     */
    static ModelConfig read(ModelTensors tensors, ConfigJson config, String variant) {
        return new Architecture(tensors, config).read(variant);
    }

    /** The attention of a configuration, and the names of the matrices that make its projections, in their order. */
    static Attention attention(ModelConfig config) {
        return config.factored()
                ? new TensorProductAttention(
                        config.heads(), config.headDim(), config.queryRank(), config.keyRank(), config.valueRank())
                : new GroupedQueryAttention(config.heads(), config.headDim(), config.keyValueHeads());
    }

    /** Matrices whose rows, one below the other, are the projections that {@link #attention} expects. */
    static List<String> projections(ModelConfig config) {
        if (!config.factored()) {
            return List.of("c_q", "c_k", "c_v");
        }
        String query = config.queryRank() == 0 ? "c_qkv.c_q" : "c_qkv.W_B_q";
        List<String> names = new ArrayList<>(
                List.of(query, "c_qkv.W_B_k", "c_qkv.W_A_k", "c_qkv.W_A_v", "c_qkv.W_B_v"));
        if (config.queryRank() > 0) {
            names.add("c_qkv.W_A_q");
        }
        return names;
    }

    private ModelConfig read(String variant) {
        refuseOthers();
        if (tensors.hasAttention("c_qkv.W_A_k")) {
            return tensors.hasAttention("c_qkv.W_A_q") ? tensorProduct(variant) : keyValueOnly(variant);
        }
        return groupedQuery(variant);
    }

    private void refuseOthers() {
        if (tensors.hasAttention("c_attn") || tensors.has("h.0.attn.c_attn.weight")) {
            throw new ModelFormatException(tensors.where()
                    + ": these are GPT-2 weights (attn.c_attn, learned positions)."
                    + " T6 checkpoints say model_type gpt2, too, but GPT-2 is another model; t6j runs the T6 family");
        }
        if (tensors.hasAttention("q_a_proj")) {
            throw new ModelFormatException(tensors.where() + ": this is a model with multi-head latent attention (MLA),"
                    + " which this version does not run; it runs T6, T6 KV-only, MHA, GQA and MQA");
        }
        if (tensors.has("layers.0.attention.wo.weight")) {
            throw new ModelFormatException(tensors.where() + ": these are the keys of the official T6_infer.py, another"
                    + " model that no training script makes; expected a checkpoint of model/T6.py and its kin");
        }
        if (!tensors.hasAttention("c_qkv.W_A_k") && !tensors.hasAttention("c_q")) {
            throw new ModelFormatException(tensors.where() + ": expected " + ModelTensors.attention(0, "c_qkv.W_A_k")
                    + " (T6) or " + ModelTensors.attention(0, "c_q") + " (MHA, GQA, MQA), found " + tensors.sample()
                    + "; t6j runs the T6 family");
        }
    }

    /** T6: five products of two sizes each; the head size follows from them, so config.json need not say it. */
    private ModelConfig tensorProduct(String variant) {
        long aQ = tensors.attentionRows("c_qkv.W_A_q"); // h·R_Q
        long bQ = tensors.attentionRows("c_qkv.W_B_q"); // R_Q·d
        long out = tensors.attentionColumns("c_proj"); //  h·d
        int heads = root(aQ * out, bQ, "W_A_q, W_B_q and c_proj");
        int headDim = quotient(out, heads, "columns of c_proj", "heads");
        int queryRank = quotient(aQ, heads, "rows of W_A_q", "heads");
        checkRows("c_qkv.W_B_q", (long) queryRank * headDim);
        return factored("T6", heads, headDim, queryRank, variant);
    }

    private ModelConfig keyValueOnly(String variant) {
        long aK = tensors.attentionRows("c_qkv.W_A_k"); // h·R_K
        long bK = tensors.attentionRows("c_qkv.W_B_k"); // R_K·d
        long out = tensors.attentionColumns("c_proj"); //  h·d
        int heads = root(aK * out, bK, "W_A_k, W_B_k and c_proj");
        int headDim = quotient(out, heads, "columns of c_proj", "heads");
        checkRows("c_qkv.c_q", out);
        return factored("T6 KV-only", heads, headDim, 0, variant);
    }

    private ModelConfig factored(String name, int heads, int headDim, int queryRank, String variant) {
        int keyRank = quotient(tensors.attentionRows("c_qkv.W_A_k"), heads, "rows of W_A_k", "heads");
        int valueRank = quotient(tensors.attentionRows("c_qkv.W_A_v"), heads, "rows of W_A_v", "heads");
        checkRows("c_qkv.W_B_k", (long) keyRank * headDim);
        checkRows("c_qkv.W_B_v", (long) valueRank * headDim);
        config.check("n_head", heads, "the attention's shapes");
        config.check("head_dim", headDim, "the attention's shapes");
        if (queryRank > 0) {
            config.check("q_rank", queryRank, "the attention's shapes");
        }
        if (keyRank == valueRank) {
            config.check("rank", keyRank, "the attention's shapes");
        }
        return common(name, heads, headDim, 0, queryRank, keyRank, valueRank, variant);
    }

    private ModelConfig groupedQuery(String variant) {
        int heads = config.required("n_head", "shapes of whole queries do not show the number of heads");
        int headDim = quotient(tensors.attentionRows("c_q"), heads, "rows of c_q", "n_head");
        int keyValueHeads = quotient(tensors.attentionRows("c_k"), headDim, "rows of c_k", "head size");
        checkRows("c_v", (long) keyValueHeads * headDim);
        if (heads % keyValueHeads != 0) {
            throw new ModelFormatException(
                    tensors.where() + ": expected the number of heads to be a multiple of that of"
                            + " key heads, found " + heads + " and " + keyValueHeads);
        }
        if (config.has("group_size") || keyValueHeads != heads) {
            config.check("group_size", heads / keyValueHeads, "n_head and the rows of c_k");
            config.check("head_dim", headDim, "n_head and the rows of c_q");
        }
        String name = keyValueHeads == heads ? "MHA" : keyValueHeads == 1 ? "MQA" : "GQA";
        return common(name, heads, headDim, keyValueHeads, 0, 0, 0, variant);
    }

    private ModelConfig common(
            String name, int heads, int headDim, int keyValueHeads, int queryRank, int keyRank, int valueRank,
            String variant) {
        int vocabulary = Math.toIntExact(tensors.embedding().shape().get(0));
        int width = Math.toIntExact(tensors.embedding().shape().get(1));
        int layers = tensors.layers();
        boolean groupNorm = tensors.hasAttention("subln");
        config.check("vocab_size", vocabulary, "the embedding's rows");
        config.check("n_embd", width, "the embedding's columns");
        config.check("n_layer", layers, "the numbered blocks");
        config.check("using_groupnorm", groupNorm, "attn.subln.weight, there or not,");
        if (!config.has("block_size")) {
            assumptions.add("context length 1024 (config.json has no block_size)");
        }
        String rope = variant == null ? ropeVariant() : variant;
        int rotaryDim = rotaryDim(rope, headDim);
        float decayBase = rope.equals("partialrope-decay") ? decayBase() : 0f;
        String suffix = rope.equals("full") ? "" : ", " + rope;
        return new ModelConfig(
                name + suffix, vocabulary, layers, width, heads, headDim, keyValueHeads, queryRank, keyRank, valueRank,
                groupNorm, Math.toIntExact(tensors.layer(0, "mlp.c_fc1").shape().get(0)),
                config.optional("block_size", 1024), rotaryDim, decayBase, List.copyOf(assumptions));
    }

    /** The variant that config.json's keys leave (DESIGN: without any RoPE key, full). */
    private String ropeVariant() {
        if (config.has("rope_decay_base")) {
            throw new ModelFormatException(tensors.where() + ": config.json has rope_decay_base, which leaves two"
                    + " variants: say --variant partialrope-decay or --variant linearattn");
        }
        if (config.has("rope_partial_factor")) {
            return "partialrope";
        }
        assumptions.add("full RoPE (config.json has no RoPE key; --variant says otherwise)");
        return "full";
    }

    private int rotaryDim(String rope, int headDim) {
        if (!VARIANTS.contains(rope)) {
            throw new ModelFormatException(
                    "--variant: expected full, partialrope, partialrope-decay or linearattn, found " + rope);
        }
        if (rope.equals("linearattn")) {
            throw new ModelFormatException(tensors.where() + ": linear attention (linearattn) is a variant that this"
                    + " version does not run; it runs full, partialrope and partialrope-decay");
        }
        if (rope.equals("full")) {
            if (headDim % 2 != 0) {
                throw new ModelFormatException(tensors.where() + ": full RoPE pairs dimensions, but the head size is "
                        + headDim + "; is this --variant partialrope?");
            }
            return headDim;
        }
        double factor = config.number("rope_partial_factor", 1.0 / 3);
        if (!config.has("rope_partial_factor")) {
            assumptions.add("rope_partial_factor 1/3 (the official default; config.json does not say)");
        }
        if (!(factor >= 0 && factor <= 1)) {
            throw new ModelFormatException("config.json: rope_partial_factor: expected 0 to 1, found " + factor);
        }
        return (int) (headDim * factor) / 2 * 2;
    }

    private float decayBase() {
        if (!config.has("rope_decay_base")) {
            assumptions.add("rope_decay_base 0.999 (the official default; config.json does not say)");
        }
        double base = config.number("rope_decay_base", 0.999);
        if (!(base > 0 && base <= 1)) {
            throw new ModelFormatException("config.json: rope_decay_base: expected above 0, up to 1, found " + base);
        }
        return (float) base;
    }

    private void checkRows(String name, long expected) {
        long found = tensors.attentionRows(name);
        if (found != expected) {
            throw new ModelFormatException(tensors.where() + ": " + ModelTensors.attention(0, name) + ": expected "
                    + expected + " rows by the shapes of its neighbours, found " + found);
        }
    }

    private int quotient(long product, long factor, String what, String by) {
        if (factor <= 0 || product % factor != 0 || product == 0) {
            throw new ModelFormatException(tensors.where() + ": expected the " + what + " to be a multiple of the " + by
                    + ", found " + product + " and " + factor);
        }
        return Math.toIntExact(product / factor);
    }

    /** √(product / divisor), which must be whole: the number of heads where three sizes are pairwise products. */
    private int root(long product, long divisor, String what) {
        long root = divisor == 0 ? 0 : Math.round(Math.sqrt((double) product / divisor));
        if (root == 0 || root * root * divisor != product) {
            throw new ModelFormatException(tensors.where() + ": no number of heads fits the shapes of " + what
                    + "; the file is damaged or of another model");
        }
        return Math.toIntExact(root);
    }
}
