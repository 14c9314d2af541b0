package io.github.t6j.family.llama;

import static io.github.t6j.attention.TensorRole.ATTENTION_OUTPUT_BIAS;
import static io.github.t6j.attention.TensorRole.DOWN_BIAS;
import static io.github.t6j.attention.TensorRole.GATE_UP_BIAS;
import static io.github.t6j.attention.TensorRole.KEY_NORM;
import static io.github.t6j.attention.TensorRole.OUTPUT;
import static io.github.t6j.attention.TensorRole.PROJECTION_BIAS;
import static io.github.t6j.attention.TensorRole.QUERY_NORM;

import io.github.t6j.ModelFormatException;
import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.LayerOptions;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.TensorRole;
import io.github.t6j.attention.grouped.GroupedFactors;
import io.github.t6j.attention.grouped.GroupedQueryConfig;
import io.github.t6j.family.ConfigJson;
import io.github.t6j.family.ModelMetadata;
import io.github.t6j.family.VariantJson;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.NamedTensors;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Reads a Llama checkpoint's configuration from its tensors' shapes, and from config.json where shapes do not show it.
 * Readers of other types override what differs.
 */
class LlamaReader {
    private static final String QUERY = LlamaNames.layer(0, "self_attn.q_proj.weight");
    private static final String KEY = LlamaNames.layer(0, "self_attn.k_proj.weight");
    /** Classes of models without an output matrix, such as embedding models. */
    private static final Set<String> BASE =
            Set.of("LlamaModel", "MistralModel", "Qwen2Model", "Qwen3Model", "SmolLM3Model", "GraniteModel",
                    "Phi3Model", "Gemma2Model", "Gemma3TextModel", "Qwen3MoeModel", "MixtralModel");

    final NamedTensors tensors;
    final ConfigJson config;
    final LlamaType type;
    private final VariantJson variantJson;
    private final List<String> assumptions = new ArrayList<>();

    /**
     * Sizes of attention.
     *
     * @param query number of query heads
     * @param headDim elements of a head
     * @param key number of key and value heads
     */
    record Heads(int query, int headDim, int key) {}

    /** @param types types whose tensors have the names of this checkpoint */
    LlamaReader(NamedTensors tensors, ModelMetadata description, Set<LlamaType> types) {
        this.tensors = tensors;
        config = description.config();
        variantJson = description.variantJson();
        refuseOthers(variantJson);
        type = LlamaType.of(config);
        if (!types.contains(type)) {
            throw config.wrong("model_type", "one of " + types.stream().map(LlamaType::word).sorted().toList()
                    + ", by the tensors' names", type.word());
        }
        description.checkFullRope(tensors.where() + ": this is a model of the Llama family, whose config.json defines"
                + " RoPE; expected the variant full or none, found ");
    }

    /** Refuses keys that do not apply to the Llama family. */
    static void refuseOthers(VariantJson variant) {
        variant.refuse(VariantJson.ROPE_KEYS, "the form of RoPE is fixed in the Llama family");
        variant.steps().refuse();
        variant.refuse(VariantJson.FACTOR_KEYS, "the Llama family has whole heads");
        variant.refuseNoScale();
        variant.refuseWindow();
    }

    ModelConfig read() {
        checkServed();
        int layers = layers();
        Heads heads = heads();
        int headDim = heads.headDim;
        if (heads.query % heads.key != 0 || headDim % 2 != 0) {
            throw new ModelFormatException(
                    tensors.where() + ": expected query heads to be a multiple of key heads, and an"
                            + " even head size, found " + heads.query + " and " + heads.key + " heads of " + headDim);
        }
        ModelConfig.Experts experts = new LlamaExperts(tensors, config, type, layers).read();
        boolean areAllExperts = experts != null && experts.layers().size() == layers;
        ModelConfig.Sizes sizes = new ModelConfig.Sizes(
                size(LlamaNames.EMBEDDING, 0), layers, size(LlamaNames.EMBEDDING, 1),
                areAllExperts ? experts.hidden() : hidden(),
                config.optional("max_position_embeddings", type.contextLength));
        config.check("vocab_size", sizes.vocabulary(), "the embedding's rows");
        config.check("hidden_size", sizes.width(), "the embedding's columns");
        if (!areAllExperts) { // otherwise it belongs to no layer, or to experts
            config.check("intermediate_size", sizes.hidden(), "the rows of the feed-forward part's gate");
        }
        config.check("num_hidden_layers", sizes.layers(), "the numbered layers");
        config.check("num_key_value_heads", heads.key, "the rows of keys");
        config.check("head_dim", headDim, "the rows of queries");
        float epsilon = (float) config.number("rms_norm_eps", type.normEpsilon());
        if (!(epsilon > 0 && epsilon < 1)) {
            throw config.wrong("rms_norm_eps", "a number above 0 and below 1", epsilon);
        }
        Set<TensorRole> optional = optional();
        LayerOptions options = new LlamaLayers(config, type, layers)
                .options(optional.contains(QUERY_NORM) ? epsilon : 0f)
                .with(scores());
        GroupedQueryConfig grouped = new GroupedQueryConfig(heads.query, headDim, heads.key, options);
        AttentionConfig attention = variantJson.has("heads")
                ? new GroupedFactors(heads.query, headDim, heads.key, options)
                : grouped;
        return new ModelConfig(
                family(), name(grouped), sizes, attention, false, rope(headDim),
                new ModelConfig.Norms(epsilon, false), experts, optional, assumptions, scales(sizes.width()),
                imageId());
    }

    String family() {
        return LlamaFamily.NAME;
    }

    Heads heads() {
        int heads = config.required("num_attention_heads", "no tensor shows the number of query heads");
        return heads(heads);
    }

    /** Returns the sizes of attention with {@code heads} query heads. */
    final Heads heads(int heads) {
        int headDim = quotient(QUERY, heads, "num_attention_heads");
        return new Heads(heads, headDim, quotient(KEY, headDim, "head size"));
    }

    /** Returns the number of rows of the feed-forward part's gate, in the first dense layer. */
    int hidden() {
        String gate = "mlp.gate_proj.weight";
        int layer = 0;
        while (!tensors.has(LlamaNames.layer(layer, gate)) && layer < layers() - 1) {
            layer++;
        }
        return size(LlamaNames.layer(layer, gate), 0);
    }

    LayerOptions.Scores scores() {
        return type == LlamaType.GRANITE ? Granite.scores(config) : LayerOptions.Scores.PLAIN;
    }

    ModelConfig.Scales scales(int width) {
        return type == LlamaType.GRANITE ? Granite.scales(config) : ModelConfig.Scales.PLAIN;
    }

    /** Returns the id that represents an image, or {@link ModelConfig#NO_IMAGE}. */
    int imageId() {
        return ModelConfig.NO_IMAGE;
    }

    Rope.Config rope(int headDim) {
        return LlamaRope.of(config, type, headDim);
    }

    private String name(GroupedQueryConfig form) {
        String windows = form.options().windowed().isEmpty()
                ? ""
                : ", window " + form.options().window() + " in " + form.options().windowed().size() + " layers";
        String unrotated = form.options().unrotated().isEmpty()
                ? ""
                : ", " + form.options().unrotated().size() + " layers without RoPE";
        String heads = variantJson.has("heads") ? " as TPA" : "";
        return form.name() + heads + " (" + type.word() + ")" + windows + unrotated;
    }

    /** Fails if config.json requires something that this engine does not compute; the error names the key. */
    private void checkServed() {
        for (Object architecture : config.list("architectures")) {
            if (!(architecture instanceof String name) || !name.endsWith("ForCausalLM") && !BASE.contains(name)) {
                throw config.wrong("architectures", "a language model, …ForCausalLM, or its base model", architecture)
                        .asUnsupported();
            }
        }
        if (!config.flag("is_causal", true)) {
            throw config.wrong("is_causal", "true: a token sees only those before it", false).asUnsupported();
        }
        checkActivation();
        checkUnquantized(config);
    }

    void checkActivation() {
        String activation = config.text("hidden_act", "silu");
        if (!activation.equals("silu") && !activation.equals("swish")) {
            throw config.wrong("hidden_act", "silu", activation).asUnsupported();
        }
    }

    static void checkUnquantized(ConfigJson config) {
        if (config.has("quantization_config")) {
            throw config.wrong("quantization_config",
                    "none: weights of f32, f16 or bf16, or quantised by t6j or in a GGUF"
                            + " file",
                    config.object("quantization_config").text("quant_method", "one")).asUnsupported();
        }
    }

    private int layers() {
        int layers = 0;
        while (tensors.has(LlamaNames.layer(layers, "input_layernorm.weight"))) {
            layers++;
        }
        if (layers == 0) {
            throw new ModelFormatException(tensors.where() + ": expected the tensor "
                    + LlamaNames.layer(0, "input_layernorm.weight") + ", found no such tensor");
        }
        return layers;
    }

    final int size(String name, int dimension) {
        return Math.toIntExact(tensors.matrix(name).shape().get(dimension));
    }

    final int quotient(String name, int divisor, String what) {
        int rows = size(name, 0);
        if (rows % divisor != 0) {
            throw new ModelFormatException(
                    tensors.where() + ": " + name + ": expected rows to be a multiple of the " + what
                            + ", " + divisor + ", found " + rows);
        }
        return rows / divisor;
    }

    /** Returns the roles of the optional tensors that exist, after checking them against config.json. */
    Set<TensorRole> optional() {
        Set<TensorRole> roles = EnumSet.noneOf(TensorRole.class);
        if (has("self_attn.q_proj.bias")) {
            roles.add(PROJECTION_BIAS);
        }
        if (has("self_attn.o_proj.bias")) {
            roles.add(ATTENTION_OUTPUT_BIAS);
        }
        if (has("mlp.down_proj.bias")) {
            roles.addAll(List.of(GATE_UP_BIAS, DOWN_BIAS));
        }
        if (has("self_attn.q_norm.weight")) {
            roles.addAll(List.of(QUERY_NORM, KEY_NORM));
        }
        expect(roles.contains(PROJECTION_BIAS), type == LlamaType.QWEN2, "attention_bias", "self_attn.q_proj.bias");
        expect(roles.contains(ATTENTION_OUTPUT_BIAS), false, type == LlamaType.QWEN2 ? null : "attention_bias",
                "self_attn.o_proj.bias");
        expect(roles.contains(DOWN_BIAS), false, "mlp_bias", "mlp.down_proj.bias");
        expect(roles.contains(QUERY_NORM), type.normsHeads(), null, "self_attn.q_norm.weight");
        if (untied()) {
            roles.add(OUTPUT);
        }
        return roles;
    }

    private boolean has(String name) {
        return tensors.has(LlamaNames.layer(0, name));
    }

    /**
     * Fails if an optional tensor is missing or superfluous, by {@code key} of config.json, or by {@code always} if key
     * is null.
     */
    private void expect(boolean found, boolean always, String key, String tensor) {
        boolean expected = always || key != null && config.flag(key, false);
        if (found != expected) {
            throw new ModelFormatException(tensors.where() + ": " + LlamaNames.layer(0, tensor) + ": expected "
                    + (expected ? "this tensor" : "no such tensor") + " in a " + type.word() + " model"
                    + (key == null ? "" : " whose " + key + " is " + config.flag(key, false)) + ", found "
                    + (found ? "it" : "none"));
        }
    }

    private boolean untied() {
        boolean exists = tensors.has(LlamaNames.OUTPUT);
        boolean untied = !config.flag("tie_word_embeddings", type.tied);
        if (untied && !exists) {
            assumptions.add("the embedding is also the output matrix (" + LlamaNames.OUTPUT + " is missing)");
        }
        return untied && exists;
    }
}
