package io.github.t6j.model;

import io.github.t6j.ModelFormatException;
import io.github.t6j.attention.Attention;
import io.github.t6j.attention.GroupedQueryAttention;
import io.github.t6j.attention.LatentAttention;
import io.github.t6j.attention.TensorProductAttention;
import java.lang.foreign.Arena;
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

    /** The attention of a configuration, save MLA's. */
    static Attention attention(ModelConfig config) {
        return config.factored()
                ? new TensorProductAttention(
                        config.heads(), config.headDim(), config.queryRank(), config.keyRank(), config.valueRank())
                : new GroupedQueryAttention(config.heads(), config.headDim(), config.keyValueHeads());
    }

    /** MLA's attention, which has weights of its own: kv_b_proj. */
    static Attention latentAttention(ModelConfig config, float[] up, Arena arena) {
        LatentSizes sizes = config.latent();
        return new LatentAttention(
                config.heads(), config.headDim(), sizes.rope(), sizes.rank(), sizes.valueDim(), up, arena);
    }

    /** Matrices whose rows, one below the other, are the projections that {@link #attention} expects; MLA's latents. */
    static List<String> projections(ModelConfig config) {
        if (config.latent() != null) {
            return List.of("q_a_proj", "kv_a_proj_with_mqa");
        }
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
        return tensors.hasAttention("q_a_proj") ? latent(variant) : groupedQuery(variant);
    }

    private void refuseOthers() {
        if (tensors.hasAttention("c_attn") || tensors.has("h.0.attn.c_attn.weight")) {
            throw new ModelFormatException(tensors.where()
                    + ": these are GPT-2 weights (attn.c_attn, learned positions)."
                    + " T6 checkpoints say model_type gpt2, too, but GPT-2 is another model; t6j runs the T6 family");
        }
        if (tensors.has("layers.0.attention.wo.weight")) {
            throw new ModelFormatException(tensors.where() + ": these are the keys of the official T6_infer.py, another"
                    + " model that no training script makes; expected a checkpoint of model/T6.py and its kin");
        }
        if (!tensors.hasAttention("c_qkv.W_A_k") && !tensors.hasAttention("c_q") && !tensors.hasAttention("q_a_proj")) {
            throw new ModelFormatException(tensors.where() + ": expected " + ModelTensors.attention(0, "c_qkv.W_A_k")
                    + " (T6), " + ModelTensors.attention(0, "c_q") + " (MHA, GQA, MQA) or "
                    + ModelTensors.attention(0, "q_a_proj") + " (MLA), found " + tensors.sample()
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
        return common(name, heads, headDim, 0, queryRank, keyRank, valueRank, null, variant);
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
        return common(name, heads, headDim, keyValueHeads, 0, 0, 0, null, variant);
    }

    /**
     * MLA: with h heads, q_b_proj has h·(nope + rope) rows, kv_b_proj h·(nope + v), c_proj h·v columns, and what
     * kv_a_proj_with_mqa has besides the latent is rope; so all sizes follow. Those that config.json has of MLA are not
     * what the official script makes, and are not compared.
     */
    private ModelConfig latent(String variant) {
        if (variant != null && !variant.equals("full")) {
            throw new ModelFormatException(tensors.where() + ": this is a model with multi-head latent attention (MLA),"
                    + " which there is only with full RoPE on a part of its own; expected --variant full or none, found "
                    + variant);
        }
        int rank = Math.toIntExact(tensors.attentionColumns("kv_b_proj"));
        long rope = tensors.attentionRows("kv_a_proj_with_mqa") - rank;
        long query = tensors.attentionRows("q_b_proj");
        long keysAndValues = tensors.attentionRows("kv_b_proj");
        long out = tensors.attentionColumns("c_proj");
        if (rope < 2 || rope % 2 != 0) {
            throw new ModelFormatException(tensors.where() + ": expected kv_a_proj_with_mqa to have an even number of"
                    + " rows more than kv_b_proj has columns, found " + (rope + rank) + " and " + rank);
        }
        int heads = quotient(query - keysAndValues + out, rope, "rows of q_b_proj without those of keys", "rope rows");
        int headDim = quotient(keysAndValues - out, heads, "rows of kv_b_proj without those of values", "heads");
        int valueDim = quotient(out, heads, "columns of c_proj", "heads");
        config.check("n_head", heads, "the attention's shapes");
        config.check("head_dim", headDim, "the attention's shapes");
        int queryRank = Math.toIntExact(tensors.attentionRows("q_a_proj"));
        LatentSizes sizes = new LatentSizes(queryRank, rank, (int) rope, valueDim);
        return common("MLA", heads, headDim, 0, 0, 0, 0, sizes, "full");
    }

    private ModelConfig common(
            String name, int heads, int headDim, int keyValueHeads, int queryRank, int keyRank, int valueRank,
            LatentSizes latent, String variant) {
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
        boolean linear = rope.equals("linearattn");
        int rotaryDim = rotaryDim(rope, latent == null ? headDim : latent.rope());
        float decayBase = linear || rope.equals("partialrope-decay") ? decayBase() : 0f;
        String suffix = rope.equals("full") ? "" : ", " + rope;
        return new ModelConfig(
                name + suffix, vocabulary, layers, width, heads, headDim, keyValueHeads, queryRank, keyRank, valueRank,
                groupNorm, Math.toIntExact(tensors.layer(0, "mlp.c_fc1").shape().get(0)),
                config.optional("block_size", 1024), rotaryDim, decayBase, linear, latent, List.copyOf(assumptions));
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
