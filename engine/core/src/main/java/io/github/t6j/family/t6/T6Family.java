package io.github.t6j.family.t6;

import static io.github.t6j.attention.TensorRole.ATTENTION_OUTPUT;
import static io.github.t6j.attention.TensorRole.DOWN;
import static io.github.t6j.attention.TensorRole.EMBEDDING;
import static io.github.t6j.attention.TensorRole.GATE_UP;
import static io.github.t6j.attention.TensorRole.HEAD_NORM;
import static io.github.t6j.attention.TensorRole.KEY_VALUE_UP;
import static io.github.t6j.attention.TensorRole.LATENT_NORM;
import static io.github.t6j.attention.TensorRole.PROJECTION;
import static io.github.t6j.attention.TensorRole.QUERY_LATENT_NORM;
import static io.github.t6j.attention.TensorRole.QUERY_UP;

import io.github.t6j.ModelFormatException;
import io.github.t6j.RopeVariant;
import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.TensorRole;
import io.github.t6j.attention.grouped.GroupedQueryConfig;
import io.github.t6j.attention.latent.LatentConfig;
import io.github.t6j.attention.tpa.TpaConfig;
import io.github.t6j.attention.tpa.forms.Factor;
import io.github.t6j.attention.tpa.forms.TpaForm;
import io.github.t6j.attention.tpa.steps.SteppedConfig;
import io.github.t6j.family.ConfigJson;
import io.github.t6j.family.Family;
import io.github.t6j.family.ModelMetadata;
import io.github.t6j.family.Shapes;
import io.github.t6j.family.VariantJson;
import io.github.t6j.family.llama.LlamaNames;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.NamedTensors;
import io.github.t6j.model.TensorSpec;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;

/**
 * Models of the official repository (tensorgi/TPA): T6, T6 KV-only and their baselines MHA, GQA, MQA and MLA, and the
 * paper's other forms of TPA. Tensor names and shapes take precedence. config.json is checked against them and gives
 * what they cannot show; {@code --variant} or t6j.json gives the rest. The public static methods serve the MLRA
 * checkpoints too, which share these tensors.
 */
public final class T6Family implements Family {
    /** Name of the tied embedding as the input matrix. */
    public static final String EMBEDDING_NAME = "transformer.wte.weight";

    /** Name of the tied embedding as the output matrix; t6j writes it under this name. */
    public static final String HEAD_NAME = "lm_head.weight";

    /**
     * Epsilon of the residual stream's norms, which have no gain: PyTorch's default, the machine epsilon of f32, 2^−23.
     */
    static final float EPSILON = 0x1p-23f;

    @Override
    public String name() {
        return "T6";
    }

    @Override
    public boolean recognizes(NamedTensors tensors) {
        Shapes shapes = new Shapes(tensors);
        return T6Factors.serves(shapes) || shapes.hasAttention("c_q") || shapes.hasAttention("q_a_proj");
    }

    @Override
    public ModelConfig read(NamedTensors tensors, ModelMetadata description) {
        Shapes shapes = new Shapes(tensors);
        refuseOthers(tensors, shapes);
        description.variantJson().refuseNoScale();
        description.variantJson().refuseHeads();
        description.variantJson().refuseWindow();
        SteppedConfig steps = T6Steps.read(shapes, description);
        if (steps != null) {
            return config(T6Steps.name(steps), steps, tensors, description);
        }
        if (T6Factors.serves(shapes)) {
            AttentionConfig attention = T6Factors.read(shapes, description);
            return config(T6Factors.name(attention), attention, tensors, description);
        }
        refuseFactorKeys(description.variantJson());
        if (shapes.hasAttention("q_a_proj")) {
            description.checkFullRope(shapes.where()
                    + ": this is a model with multi-head latent attention (MLA), which always has full RoPE on a"
                    + " separate part; expected the variant full or none, found ");
            ModelMetadata full =
                    new ModelMetadata(description.config(), description.variantJson(), RopeVariant.FULL);
            return config("MLA", latent(shapes, description.config()), tensors, full);
        }
        GroupedQueryConfig sizes = groupedQuery(shapes, description.config());
        return config(sizes.name(), sizes, tensors, description);
    }

    private static void refuseOthers(NamedTensors tensors, Shapes shapes) {
        if (shapes.hasAttention("c_attn") || shapes.has("h.0.attn.c_attn.weight")) {
            throw ModelFormatException.unsupported(shapes.where()
                    + ": these are GPT-2 weights (attn.c_attn, learned positions)."
                    + " T6 checkpoints have model_type gpt2 too, but GPT-2 is another model; t6j runs the T6 family");
        }
        if (shapes.has("layers.0.attention.wo.weight")) {
            throw ModelFormatException.unsupported(shapes.where()
                    + ": these are the keys of the official T6_infer.py, a"
                    + " model that no training script produces; expected a checkpoint of model/T6.py or its relatives");
        }
        if (shapes.has(LlamaNames.MICROLLAMA)) {
            throw ModelFormatException
                    .unsupported(shapes.where() + ": these are weights of TensorProduct-Microllama, whose"
                            + " attention was not published with them in a form that t6j could be verified against;"
                            + " t6j runs the T6 family, the MLRA checkpoints and the Llama family");
        }
        if (!T6Factors.serves(shapes) && !shapes.hasAttention("c_q") && !shapes.hasAttention("q_a_proj")) {
            throw ModelFormatException.unsupported(shapes.where() + ": expected " + Shapes.attention(0, "c_qkv.W_A_k")
                    + " (T6), " + Shapes.attention(0, "c_q") + " (MHA, GQA, MQA) or "
                    + Shapes.attention(0, "q_a_proj") + " (MLA), found " + tensors.sample()
                    + "; t6j runs the T6 family");
        }
    }

    /** Rejects keys of t6j.json that only describe tensor product attention. */
    public static void refuseFactorKeys(VariantJson variant) {
        VariantJson.FACTOR_KEYS.stream().filter(variant::has).findFirst().ifPresent(key -> {
            throw new ModelFormatException(variant.where() + " contradicts the weights: it has the key " + key
                    + " of factored attention, but " + Shapes.attention(0, "c_qkv.W_A_k") + " is missing"
                    + "; remove the key, or convert the model to tensor product attention");
        });
    }

    /** Reads the sizes of grouped query attention from the rows of c_q and c_k. */
    public static GroupedQueryConfig groupedQuery(Shapes shapes, ConfigJson config) {
        int heads = config.required("n_head", "the shapes of whole queries do not show the number of heads");
        int headDim = shapes.quotient(shapes.attentionRows("c_q"), heads, "rows of c_q", "n_head");
        int keyValueHeads = shapes.quotient(shapes.attentionRows("c_k"), headDim, "rows of c_k", "head size");
        shapes.checkAttentionRows("c_v", (long) keyValueHeads * headDim);
        shapes.check(heads % keyValueHeads == 0,
                "the number of query heads to be a multiple of the number of key heads",
                heads + " and " + keyValueHeads);
        if (config.has("group_size") || keyValueHeads != heads) {
            config.check("group_size", heads / keyValueHeads, "n_head and the rows of c_k");
            config.check("head_dim", headDim, "n_head and the rows of c_q");
        }
        return new GroupedQueryConfig(heads, headDim, keyValueHeads);
    }

    /**
     * Reads the sizes of MLA. With h heads, q_b_proj has h·(nope + rope) rows, kv_b_proj h·(nope + v) rows, and c_proj
     * h·v columns; rope is the number of rows that kv_a_proj_with_mqa has besides the latent. These determine all
     * sizes. config.json's keys for MLA differ from what the official script creates, so they are not compared.
     */
    private static LatentConfig latent(Shapes shapes, ConfigJson config) {
        int rank = shapes.attentionColumns("kv_b_proj");
        int rope = shapes.attentionRows("kv_a_proj_with_mqa") - rank;
        int query = shapes.attentionRows("q_b_proj");
        int keysAndValues = shapes.attentionRows("kv_b_proj");
        int out = shapes.attentionColumns("c_proj");
        shapes.check(rope >= 2 && rope % 2 == 0,
                "kv_a_proj_with_mqa to have an even number of rows more than kv_b_proj has columns",
                rope + rank + " and " + rank);
        int heads = shapes.quotient(query - keysAndValues + out, rope, "rows of q_b_proj without those of keys",
                "rope rows");
        int nope = shapes.quotient(keysAndValues - out, heads, "rows of kv_b_proj without those of values", "heads");
        int valueDim = shapes.quotient(out, heads, "columns of c_proj", "heads");
        config.check("n_head", heads, "the attention's shapes");
        config.check("head_dim", nope, "the attention's shapes");
        int queryRank = shapes.attentionRows("q_a_proj");
        return new LatentConfig(heads, nope, valueDim, queryRank, rank, rope);
    }

    private ModelConfig config(
            String name, AttentionConfig attention, NamedTensors tensors, ModelMetadata description) {
        Shapes shapes = new Shapes(tensors);
        List<String> assumptions = new ArrayList<>();
        ModelConfig.Sizes sizes = shapes.sizes(
                tensors.tied(EMBEDDING_NAME, HEAD_NAME).shape(), description.config(), 1024, assumptions);
        boolean groupNorm = shapes.hasAttention("subln");
        description.config().check("using_groupnorm", groupNorm, "the presence or absence of attn.subln.weight");
        T6Rope rope = new T6Rope(shapes.where(), description);
        Rope.Config rotation = rope.read(attention.rotatedDim(), assumptions);
        return new ModelConfig(
                name(), name + rope.suffix(rotation), sizes, attention, rope.variant() == RopeVariant.LINEARATTN,
                rotation, new ModelConfig.Norms(EPSILON, groupNorm), EnumSet.noneOf(TensorRole.class),
                List.copyOf(assumptions));
    }

    @Override
    public List<TensorSpec> tensors(ModelConfig config) {
        List<TensorSpec> specs = new ArrayList<>();
        ModelConfig.Sizes sizes = config.sizes();
        for (int layer = 0; layer < sizes.layers(); layer++) {
            attention(layer, config, specs);
            feedForward(layer, sizes, specs);
        }
        specs.add(embedding(sizes));
        return specs;
    }

    /** Adds the tensors of a layer's feed-forward part. */
    public static void feedForward(int layer, ModelConfig.Sizes sizes, List<TensorSpec> specs) {
        String mlp = Shapes.block(layer) + "mlp.";
        specs.add(TensorSpec.of(GATE_UP, layer, mlp + "c_fc1.weight", sizes.hidden(), sizes.width()));
        specs.add(TensorSpec.of(GATE_UP, layer, mlp + "c_fc2.weight", sizes.hidden(), sizes.width()));
        specs.add(TensorSpec.of(DOWN, layer, mlp + "c_proj.weight", sizes.width(), sizes.hidden()));
    }

    /**
     * Returns the factor that a matrix of projections produces, or null for a matrix of whole queries or another
     * attention.
     */
    public static Factor factor(TensorSpec spec) {
        for (Factor factor : Factor.values()) {
            if (spec.name().endsWith("." + T6Factors.projection(factor) + ".weight")) {
                return factor;
            }
        }
        return null;
    }

    /** Returns the tied embedding, which files have under one name or both. */
    public static TensorSpec embedding(ModelConfig.Sizes sizes) {
        List<Long> shape = List.of((long) sizes.vocabulary(), (long) sizes.width());
        return new TensorSpec(HEAD_NAME, EMBEDDING_NAME, shape, EMBEDDING, TensorSpec.NO_LAYER);
    }

    private static void attention(int layer, ModelConfig config, List<TensorSpec> specs) {
        int width = config.sizes().width();
        AttentionConfig attention = config.attention();
        if (T6Steps.add(layer, attention, width, specs)) {
            return;
        }
        switch (attention) {
            case TpaConfig _,TpaForm _ -> specs.addAll(T6Factors.tensors(layer, attention, width));
            case GroupedQueryConfig grouped -> groupedQuery(layer, grouped, width, specs);
            case LatentConfig latent -> latent(layer, latent, width, specs);
            default -> throw new IllegalArgumentException("no T6 model has " + attention);
        }
        int valueDim = attention.valueDim();
        specs.add(Shapes.attention(ATTENTION_OUTPUT, layer, "c_proj", width, (long) attention.heads() * valueDim));
        if (config.norms().heads()) {
            specs.add(Shapes.attention(HEAD_NORM, layer, "subln", valueDim));
        }
    }

    /** Adds the projections of a layer's grouped query attention. */
    public static void groupedQuery(int layer, GroupedQueryConfig sizes, int width, List<TensorSpec> specs) {
        long keys = (long) sizes.keyValueHeads() * sizes.headDim();
        long queries = (long) sizes.heads() * sizes.headDim();
        specs.add(Shapes.attention(PROJECTION, layer, "c_q", queries, width));
        specs.add(Shapes.attention(PROJECTION, layer, "c_k", keys, width));
        specs.add(Shapes.attention(PROJECTION, layer, "c_v", keys, width));
    }

    private static void latent(int layer, LatentConfig sizes, int width, List<TensorSpec> specs) {
        long queries = (long) sizes.heads() * sizes.headDim();
        specs.add(Shapes.attention(PROJECTION, layer, "q_a_proj", sizes.queryRank(), width));
        long keyValues = sizes.keyValueRank() + sizes.rope();
        specs.add(Shapes.attention(PROJECTION, layer, "kv_a_proj_with_mqa", keyValues, width));
        specs.add(Shapes.attention(QUERY_LATENT_NORM, layer, "q_a_layernorm", sizes.queryRank()));
        specs.add(Shapes.attention(LATENT_NORM, layer, "kv_a_layernorm", sizes.keyValueRank()));
        specs.add(Shapes.attention(QUERY_UP, layer, "q_b_proj", queries, sizes.queryRank()));
        specs.add(Shapes.attention(KEY_VALUE_UP, layer, "kv_b_proj", sizes.upRows(), sizes.keyValueRank()));
    }
}
