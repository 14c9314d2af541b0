package io.github.t6j.family.llama;

import io.github.t6j.attention.LayerOptions;
import io.github.t6j.attention.Rope;
import io.github.t6j.family.ConfigJson;
import io.github.t6j.family.ModelMetadata;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.NamedTensors;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;

/** Reads the configuration of a checkpoint of Gemma 2 or 3, whose published files leave most keys to these defaults. */
final class GemmaReader extends LlamaReader {
    private static final int HEADS = 8;
    private static final int HEAD_DIM = 256;
    private static final double LOCAL_THETA = 10_000;
    private static final String GELU = "gelu_pytorch_tanh";
    private static final String PARAMETERS = "rope_parameters";

    /** Default of image_token_index in a model of text and images. */
    private static final int IMAGE = 262_144;

    private final int imageId;

    private GemmaReader(NamedTensors tensors, ModelMetadata description, int imageId) {
        super(tensors, description, EnumSet.of(LlamaType.GEMMA2, LlamaType.GEMMA3_TEXT));
        this.imageId = imageId;
    }

    /** Returns the reader of a text model, which may be nested in a model of text and images. */
    static GemmaReader of(NamedTensors tensors, ModelMetadata description) {
        ConfigJson outer = description.config();
        ConfigJson text = textPart(outer);
        if (text == outer) {
            return new GemmaReader(tensors, description, ModelConfig.NO_IMAGE);
        }
        checkUnquantized(outer);
        return new GemmaReader(
                tensors, new ModelMetadata(text, description.variantJson(), description.variantOption()),
                outer.countOr("image_token_index", IMAGE));
    }

    /** Returns the object that describes the text model: {@code config} itself, or a part of it. */
    static ConfigJson textPart(ConfigJson config) {
        if (!config.text("model_type", "none").equals("gemma3")) {
            return config;
        }
        ConfigJson text = config.object("text_config");
        if (text == null) {
            throw config.wrong("text_config", "the keys of the text model", "none");
        }
        return text;
    }

    @Override
    String family() {
        return GemmaFamily.NAME;
    }

    @Override
    int imageId() {
        return imageId;
    }

    @Override
    Heads heads() {
        Heads heads = heads(config.optional("num_attention_heads", HEADS));
        if (!config.has("head_dim") && heads.headDim() != HEAD_DIM) {
            throw config.wrong("head_dim", heads.headDim() + " by the rows of q_proj", "none, which means " + HEAD_DIM);
        }
        return heads;
    }

    @Override
    void checkActivation() {
        String activation = config.text("hidden_activation", GELU);
        if (!activation.equals(GELU)) {
            throw config.wrong("hidden_activation", GELU, activation).asUnsupported();
        }
        if (config.flag("use_bidirectional_attention", false)) {
            throw config.wrong("use_bidirectional_attention", "false: a token sees only those before it", true)
                    .asUnsupported();
        }
        if (type == LlamaType.GEMMA3_TEXT && config.has("attn_logit_softcapping")) {
            throw config.wrong("attn_logit_softcapping", "none in a gemma3_text model",
                    config.number("attn_logit_softcapping", 0)).asUnsupported();
        }
    }

    @Override
    LayerOptions.Scores scores() {
        double divisor = Math.sqrt(positive("query_pre_attn_scalar", 256));
        return new LayerOptions.Scores(divisor, type == LlamaType.GEMMA2 ? cap("attn_logit_softcapping", 50) : 0f);
    }

    @Override
    ModelConfig.Scales scales(int width) {
        return new ModelConfig.Scales(
                (float) Math.sqrt(width), 1f, 1f, cap("final_logit_softcapping", type == LlamaType.GEMMA2 ? 30 : 0), 1f,
                ModelConfig.Activation.GELU_TANH);
    }

    /** Returns the limit at {@code key}: 0, for none, if it is null; {@code absent} if it is missing. */
    private float cap(String key, double absent) {
        return config.has(key) ? (float) positive(key, absent) : config.mentions(key) ? 0f : (float) absent;
    }

    private double positive(String key, double absent) {
        double found = config.number(key, absent);
        if (!(found > 0 && found < Float.MAX_VALUE)) {
            throw config.wrong(key, "a number above 0", found);
        }
        return found;
    }

    @Override
    Rope.Config rope(int headDim) {
        if (type == LlamaType.GEMMA2) {
            checkScaling(LlamaRope.scaling(config));
            return super.rope(headDim);
        }
        ConfigJson all = scaling(config, PARAMETERS);
        ConfigJson global = global(config);
        ConfigJson local = scaling(all, LlamaLayers.SLIDING);
        checkForm(!config.has(PARAMETERS), all, global, local);
        double positions = config.optional("max_position_embeddings", type.contextLength);
        double theta = LlamaRope.theta(config, type, global);
        double localTheta = localTheta(config);
        if (!(localTheta > 0)) {
            throw config.wrong("rope_local_base_freq", "a number above 0", localTheta);
        }
        Rope.Config rope = new LlamaRope(headDim, global, theta, positions).config(positions);
        Rope.Config windowed = new LlamaRope(headDim, local, localTheta, positions).config(positions);
        return new Rope.Config(headDim, 0f, rope.form(), rope.frequencies(), rope.factor(),
                new Rope.Others(windowed.frequencies(), List.of(), 0));
    }

    /** Returns the properties of the RoPE of Gemma 3: as {@link LlamaRope#describe}, and windowed_base. */
    static Map<String, Object> describeRope(ConfigJson config) {
        ConfigJson global = global(config);
        double positions = config.number("max_position_embeddings", LlamaType.GEMMA3_TEXT.contextLength);
        double theta = LlamaRope.theta(config, LlamaType.GEMMA3_TEXT, global);
        Map<String, Object> keys = new LlamaRope(2, global, theta, positions)
                .describe(config, LlamaRope.type(global), positions);
        keys.put("windowed_base", localTheta(config));
        return keys;
    }

    /** Returns the scaling of layers that see all positions. */
    private static ConfigJson global(ConfigJson config) {
        return config.has(PARAMETERS)
                ? scaling(scaling(config, PARAMETERS), LlamaLayers.FULL)
                : scaling(config, "rope_scaling");
    }

    /** Returns the base of layers with a window. */
    private static double localTheta(ConfigJson config) {
        return scaling(scaling(config, PARAMETERS), LlamaLayers.SLIDING)
                .number("rope_theta", config.number("rope_local_base_freq", LOCAL_THETA));
    }

    private static ConfigJson scaling(ConfigJson in, String key) {
        ConfigJson found = in.object(key);
        return found == null ? ConfigJson.empty(in.where() + ": " + key) : found;
    }

    /** Rejects keys that transformers ignores or reads differently than they say. */
    private void checkForm(boolean old, ConfigJson all, ConfigJson global, ConfigJson local) {
        if (!old && config.has("rope_scaling")) {
            throw config.wrong("rope_scaling", "none together with rope_parameters", "an object");
        }
        if (!old && all.firstObject() == null && (all.has("rope_type") || all.has("rope_theta"))) {
            throw all.wrong(LlamaLayers.FULL, "an object, and one of " + LlamaLayers.SLIDING, "keys for all layers")
                    .asUnsupported();
        }
        if (old && !global.has("rope_type") && !global.text("type", "default").equals("default")) {
            throw global.wrong("rope_type", "the type, which transformers does not read from type", "none");
        }
        checkScaling(global);
        if (!LlamaRope.type(local).equals("default")) {
            throw local.wrong("rope_type", "default: layers with a window are not scaled", LlamaRope.type(local))
                    .asUnsupported();
        }
    }

    private static void checkScaling(ConfigJson scaling) {
        String found = LlamaRope.type(scaling);
        if (!found.equals("default") && !found.equals("linear")) {
            throw scaling.wrong("rope_type", "default or linear", found).asUnsupported();
        }
    }
}
