package io.github.t6j.model;

import io.github.t6j.ModelFormatException;
import io.github.t6j.attention.Attention;
import io.github.t6j.attention.Factor;
import io.github.t6j.attention.GroupedQueryAttention;
import io.github.t6j.attention.LatentAttention;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.SharedPages;
import io.github.t6j.attention.TensorProduct;
import io.github.t6j.attention.TensorProductAttention;
import io.github.t6j.weights.VariantJson;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What kind of model a checkpoint holds: tensor names and shapes decide, config.json is checked against them and gives
 * what they cannot show, the user says the rest.
 */
final class Architecture {
    private static final Set<String> VARIANTS = Set.of("full", "partialrope", "partialrope-decay", "linearattn");

    private final ModelTensors tensors;
    private final ConfigJson config;
    private final VariantJson variant;
    private final List<String> assumptions = new ArrayList<>();

    private Architecture(ModelTensors tensors, ConfigJson config, VariantJson variant) {
        this.tensors = tensors;
        this.config = config;
        this.variant = variant;
    }

    /**
     * @param variant t6j.json
     * @param said one of full, partialrope, partialrope-decay, linearattn, which overrides t6j.json's, or null
     * @throws ModelFormatException for a model of another kind, with its name where it is known
     */
    static ModelConfig read(ModelTensors tensors, ConfigJson config, VariantJson variant, String said) {
        return new Architecture(tensors, config, variant).read(said == null ? variant.variant() : said);
    }

    /**
     * The attention of a layer, save MLA's.
     *
     * @param fixed the layer's fixed factors
     */
    static Attention attention(ModelConfig config, Map<Factor, float[]> fixed, SharedPages shared) {
        return config.factored()
                ? new TensorProductAttention(config.factors(), fixed, shared)
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
        return config.factored() ? FactorReader.projections(config.factors()) : List.of("c_q", "c_k", "c_v");
    }

    private ModelConfig read(String rope) {
        refuseOthers();
        if (FactorReader.serves(tensors)) {
            return tensorProduct(rope);
        }
        refuseFactorKeys();
        return tensors.hasAttention("q_a_proj") ? latent(rope) : groupedQuery(rope);
    }

    private void refuseFactorKeys() {
        String key = variant.factorKey();
        if (key != null) {
            throw new ModelFormatException(variant.where() + " contradicts the weights: it has the key " + key
                    + " of factored attention, but there is no " + ModelTensors.attention(0, "c_qkv.W_A_k")
                    + "; remove the key, or convert the model with --as tpa");
        }
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
        if (!FactorReader.serves(tensors) && !tensors.hasAttention("c_q") && !tensors.hasAttention("q_a_proj")) {
            throw new ModelFormatException(tensors.where() + ": expected " + ModelTensors.attention(0, "c_qkv.W_A_k")
                    + " (T6), " + ModelTensors.attention(0, "c_q") + " (MHA, GQA, MQA) or "
                    + ModelTensors.attention(0, "q_a_proj") + " (MLA), found " + tensors.sample()
                    + "; t6j runs the T6 family");
        }
    }

    private ModelConfig tensorProduct(String rope) {
        TensorProduct form = FactorReader.read(tensors, config, variant);
        return common(FactorReader.name(form), form.heads(), form.headDim(), 0, form, null, rope);
    }

    private ModelConfig groupedQuery(String rope) {
        int heads = config.required("n_head", "shapes of whole queries do not show the number of heads");
        int headDim = tensors.quotient(tensors.attentionRows("c_q"), heads, "rows of c_q", "n_head");
        int keyValueHeads = tensors.quotient(tensors.attentionRows("c_k"), headDim, "rows of c_k", "head size");
        tensors.checkAttentionRows("c_v", (long) keyValueHeads * headDim);
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
        return common(name, heads, headDim, keyValueHeads, null, null, rope);
    }

    /**
     * MLA: with h heads, q_b_proj has h·(nope + rope) rows, kv_b_proj h·(nope + v), c_proj h·v columns, and what
     * kv_a_proj_with_mqa has besides the latent is rope; so all sizes follow. Those that config.json has of MLA are not
     * what the official script makes, and are not compared.
     */
    private ModelConfig latent(String said) {
        if (said != null && !said.equals("full")) {
            throw new ModelFormatException(tensors.where() + ": this is a model with multi-head latent attention (MLA),"
                    + " which there is only with full RoPE on a part of its own; expected --variant full or none, found "
                    + said);
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
        int heads = tensors.quotient(query - keysAndValues + out, rope, "rows of q_b_proj without those of keys",
                "rope rows");
        int headDim =
                tensors.quotient(keysAndValues - out, heads, "rows of kv_b_proj without those of values", "heads");
        int valueDim = tensors.quotient(out, heads, "columns of c_proj", "heads");
        config.check("n_head", heads, "the attention's shapes");
        config.check("head_dim", headDim, "the attention's shapes");
        int queryRank = Math.toIntExact(tensors.attentionRows("q_a_proj"));
        LatentSizes sizes = new LatentSizes(queryRank, rank, (int) rope, valueDim);
        return common("MLA", heads, headDim, 0, null, sizes, "full");
    }

    private ModelConfig common(
            String name, int heads, int headDim, int keyValueHeads, TensorProduct factors, LatentSizes latent,
            String said) {
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
        String rope = said == null ? ropeVariant() : said;
        boolean linear = rope.equals("linearattn");
        int rotated = latent != null ? latent.rope() : factors != null ? factors.featureDim() : headDim;
        int rotaryDim = rotaryDim(rope, rotated);
        float decayBase = linear || rope.equals("partialrope-decay") ? decayBase() : 0f;
        Rope.Form form = ropeForm(decayBase);
        String suffix = (rope.equals("full") ? "" : ", " + rope) + ropeName(form, decayBase);
        return new ModelConfig(
                name + suffix, vocabulary, layers, width, heads, headDim, keyValueHeads, factors, groupNorm,
                Math.toIntExact(tensors.layer(0, "mlp.c_fc1").shape().get(0)), config.optional("block_size", 1024),
                rotaryDim, decayBase, form, linear, latent, List.copyOf(assumptions));
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

    /** What t6j.json says, else the official form. */
    private Rope.Form ropeForm(float decayBase) {
        Rope.Form official = officialForm(decayBase);
        return new Rope.Form(
                variant.word("rope_pairing", "half").equals("adjacent"),
                variant.word("rope_sense", "clockwise").equals("counterclockwise"),
                variant.word("rope_tables", official.rounded() ? "bf16" : "f32").equals("bf16"));
    }

    private static Rope.Form officialForm(float decayBase) {
        return decayBase == 0f ? Rope.Form.OFFICIAL : Rope.Form.OFFICIAL_DECAY;
    }

    private static String ropeName(Rope.Form form, float decayBase) {
        return form.equals(officialForm(decayBase))
                ? ""
                : ", RoPE" + (form.adjacent() ? " adjacent" : " half-split")
                        + (form.counterclockwise() ? " counterclockwise" : " clockwise")
                        + (form.rounded() ? " bf16" : " f32");
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
}
