package io.github.t6j.family.olala;

import io.github.t6j.ModelFormatException;
import io.github.t6j.attention.LayerOptions.Scores;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.TensorRole;
import io.github.t6j.attention.mamba.MambaConfig;
import io.github.t6j.attention.tpa.steps.SteppedConfig;
import io.github.t6j.attention.tpa.steps.Steps;
import io.github.t6j.family.ConfigJson;
import io.github.t6j.family.VariantJson;
import io.github.t6j.model.ModelConfig;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Turns Olala's config.json into a {@link ModelConfig}; absent keys have the defaults of the original class. */
final class OlalaReader {
    /** Offset of zero-centred gates, fixed in the original. */
    private static final float GATE_OFFSET = 1.15f;

    private static final List<String> REFUSED_FLAGS = List.of(
            "xsa", "cosnet", "use_value_embedding", "token_conv1d_attn", "patch_level_training", "complete_slw",
            "logits_scaling_ngpt");

    private static final String MASKS = "masks";

    /** Limit of the layers. */
    private static final int MAX_LAYERS = 1 << 12;

    /** Limit of the experts of all layers; Olala 7A1B has 9216. */
    private static final long MAX_EXPERTS = 1 << 18;

    private static final List<String> REFUSED_LISTS = List.of("skip_moe_layers", "skip_mixer_layers", "layer_idx_map");

    private final ConfigJson config;
    private final VariantJson variant;
    private final String letters;
    private final int width;
    private final float epsilon;
    private final boolean rotates;
    private final List<String> assumptions = new ArrayList<>();

    OlalaReader(ConfigJson config, VariantJson variant) {
        this.config = config;
        this.variant = variant;
        refuse();
        letters = letters();
        width = config.required("hidden_size", "the width of the residual stream");
        epsilon = (float) config.number("norm_epsilon", 1e-6);
        rotates = config.flag("geodesic_update", false);
    }

    private ModelFormatException unsupported(String key, String expected, Object found) {
        return ModelFormatException.unsupported(
                config.where() + ": " + key + ": expected " + expected + ", found " + found
                        + ", which t6j does not compute for Olala models");
    }

    private void refuse() {
        for (String key : REFUSED_FLAGS) {
            if (config.flag(key, false)) {
                throw unsupported(key, "false", true);
            }
        }
        for (String key : REFUSED_LISTS) {
            Object value = config.values().get(key);
            boolean isEmpty = value == null || value.equals(false) || value.equals("")
                    || value instanceof Map<?, ?> map && map.isEmpty();
            if (!isEmpty && !config.list(key).isEmpty()) {
                throw unsupported(key, "none", value);
            }
        }
        refuseOthers("mlp_type", "simple");
        refuseOthers("normalization_type", "rmsnorm");
        refuseOthers("rope_type", "");
        refuseOthers("gate_type", "elementwise", "headwise");
        if (config.optional("mamba_ngroups", 1) != 1) {
            throw unsupported("mamba_ngroups", 1, config.values().get("mamba_ngroups"));
        }
        if (!config.flag("mamba3_remove_conv", true)) {
            throw unsupported("mamba3_remove_conv", true, false);
        }
    }

    private ModelFormatException unsupported(String key, int expected, Object found) {
        return unsupported(key, String.valueOf(expected), found);
    }

    private ModelFormatException unsupported(String key, boolean expected, Object found) {
        return unsupported(key, String.valueOf(expected), found);
    }

    /** Refuses words that {@code supported} does not list; its first is the default. */
    private void refuseOthers(String key, String... supported) {
        String found = config.text(key, supported[0]);
        if (!List.of(supported).contains(found)) {
            throw unsupported(key, "\"" + String.join("\" or \"", supported) + "\"", "\"" + found + "\"");
        }
    }

    private String letters() {
        String found = config.text("layers_config", "");
        if (found.isEmpty()) {
            throw new ModelFormatException(
                    config.where() + ": expected the key layers_config (a letter per layer), found none; add it");
        }
        if (found.length() > MAX_LAYERS) {
            throw config.wrong("layers_config", "at most " + MAX_LAYERS + " letters", found.length());
        }
        for (char letter : found.toCharArray()) {
            if (letter != 'M' && letter != 'V') {
                throw unsupported("layers_config", "the letters M and V", found);
            }
        }
        config.check("num_hidden_layers", found.length(), "the letters of layers_config");
        return found;
    }

    ModelConfig read() {
        variant.steps().refuse();
        variant.refuse(VariantJson.ROPE_KEYS, "Olala models have no RoPE");
        variant.refuse(VariantJson.FACTOR_KEYS, "Olala models have a fixed set of factors");
        variant.refuseNoScale();
        variant.refuseHeads();
        SortedSet<Integer> moe = expertLayers();
        ModelConfig.Experts experts = moe.isEmpty() ? null : experts(moe);
        ModelConfig.LatentExperts latent = moe.isEmpty() ? null : latentExperts();
        int hidden = moe.size() == letters.length()
                ? experts.hidden()
                : config.optional("intermediate_size", 8192);
        ModelConfig.Sizes sizes = new ModelConfig.Sizes(
                config.required("vocab_size", "the rows of the embedding"), letters.length(), width, hidden,
                config.optional("max_position_embeddings", 8192));
        OlalaLayers layers = new OlalaLayers(
                letters, letters.contains("V") ? attention() : null, letters.contains("M") ? mamba() : null);
        return new ModelConfig(
                OlalaFamily.NAME, name(layers), sizes, layers, false, new Rope.Config(0, 0f, Rope.Form.OFFICIAL),
                new ModelConfig.Norms(epsilon, config.flag("mixer_gn", true)), experts, optional(), assumptions,
                scales(), ModelConfig.NO_IMAGE, blocks(latent));
    }

    private static String name(OlalaLayers layers) {
        int attention = (int) layers.letters().chars().filter(letter -> letter == 'V').count();
        List<String> kinds = new ArrayList<>();
        if (attention > 0) {
            kinds.add("differential TPA in " + attention + " layers");
        }
        if (attention < layers.letters().length()) {
            kinds.add("Mamba-3 in " + (layers.letters().length() - attention) + " layers");
        }
        return String.join(", ", kinds);
    }

    private Set<TensorRole> optional() {
        Set<TensorRole> optional = EnumSet.noneOf(TensorRole.class);
        if (!config.flag("tie_lm_head", false)) {
            optional.add(TensorRole.OUTPUT);
        }
        if (config.flag("mamba3_postgate_norm", false)) {
            optional.add(TensorRole.STATE_OUTPUT_NORM);
        }
        return optional;
    }

    private ModelConfig.Scales scales() {
        double residual = 1;
        if (config.flag("use_completed_p", false) && !rotates) {
            int base = config.required("base_depth", "the depth by which use_completed_p scales residuals");
            residual = Math.pow((double) letters.length() / base, -config.number("completed_p_alpha", 0.5));
        }
        return new ModelConfig.Scales(
                1f, (float) residual, 1f, 0f, config.flag("zero_centered_gamma", false) ? 1f : 0f,
                ModelConfig.Activation.SQUARED_RELU);
    }

    private ModelConfig.Blocks blocks(ModelConfig.LatentExperts latent) {
        ModelConfig.EmbeddingNorm embedding = ModelConfig.EmbeddingNorm.NONE;
        if (config.flag("normalize_embeddings_ngpt", false)) {
            embedding = ModelConfig.EmbeddingNorm.UNIT;
        } else if (config.flag("normalize_embeddings", false)) {
            embedding = ModelConfig.EmbeddingNorm.RMS;
        }
        return new ModelConfig.Blocks(
                embedding, rotates, config.flag("layer_norm_scaling", false), config.flag("final_norm", true),
                config.flag("normalize_lm_head", false), latent);
    }

    private SteppedConfig attention() {
        int heads = config.optional("num_attention_heads", 32);
        int headDim = config.optional("head_dim", 128);
        int signals = config.optional("num_signal_heads_diff", heads / 2);
        int noises = heads - signals;
        if (noises < 1 || heads % noises != 0) {
            throw config.wrong(
                    "num_signal_heads_diff", "a multiple of the noise heads, the rest of " + heads + " heads", signals);
        }
        Scores scores = new Scores(
                config.flag("use_completed_p", false) ? headDim : Math.sqrt(headDim),
                (float) config.number("softcap_attn", 0));
        int limit = (int) Math.clamp(config.number("slw_wsize", -1), 0, 1 << 30);
        Steps steps = new Steps(
                config.flag("token_shift_attn", false), config.flag("qk_norm", true) ? epsilon : 0f,
                config.flag("scalable_softmax", true) ? new Steps.Length(limit) : null, scores,
                window(limit), true, gate(), outputNorm());
        return new SteppedConfig(heads, headDim, noises, 0, config.optional("tpa_rank", 2), steps);
    }

    /** Returns the number of keys that a query sees: the original counts its own beside the window. */
    private int window(int limit) {
        boolean masks = variant.word("window", MASKS).equals(MASKS);
        if (limit > 0) {
            assumptions.add(masks
                    ? "a query sees the last " + (limit + 1) + " tokens, as slw_wsize means at Hugging Face"
                    : "slw_wsize of " + limit + " limits the scalable softmax and masks nothing, as in llama.cpp; "
                            + "\"window\": \"masks\" in t6j.json reads it as Hugging Face does");
        }
        return limit > 0 && masks ? limit + 1 : 0;
    }

    private Steps.Gate gate() {
        if (!config.flag("gate_attn", false)) {
            return null;
        }
        refuseOthers("gate_act", "silu", "sigmoid");
        return new Steps.Gate(
                config.text("gate_type", "").equals("headwise"), config.text("gate_act", "").equals("sigmoid"),
                config.flag("zero_centered_gate", false) ? GATE_OFFSET : 0f);
    }

    private Steps.OutputNorm outputNorm() {
        return config.flag("mixer_gn", true)
                ? new Steps.OutputNorm(epsilon, !config.flag("gate_before_norm", true))
                : null;
    }

    private MambaConfig mamba() {
        if (config.flag("mixer_gn", true)) {
            throw unsupported("mixer_gn", "false with layers M", true);
        }
        int headDim = config.optional("mamba_headdim", 64);
        if (2 * width % headDim != 0) {
            throw config.wrong("mamba_headdim", "a divisor of twice the hidden size, " + 2 * width, headDim);
        }
        try {
            return new MambaConfig(
                    2 * width / headDim, headDim, config.optional("mamba_d_state", 128),
                    config.optional("mamba_mimo_dim", 4), epsilon);
        } catch (IllegalArgumentException size) {
            throw ModelFormatException.unsupported(config.where() + ": " + size.getMessage());
        }
    }

    private SortedSet<Integer> expertLayers() {
        String kinds = config.text("layers_mlp_config", "");
        if (kinds.isEmpty()) {
            kinds = (config.flag("moe", false) ? "m" : "d").repeat(letters.length());
        }
        if (kinds.length() != letters.length() || !kinds.matches("[md]*")) {
            throw config.wrong("layers_mlp_config", "a letter, m or d, for each layer", kinds);
        }
        String found = kinds;
        return IntStream.range(0, letters.length()).filter(layer -> found.charAt(layer) == 'm').boxed()
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private ModelConfig.Experts experts(SortedSet<Integer> layers) {
        int count = config.optional("moe_num_routed_experts", 2);
        if ((long) count * layers.size() > MAX_EXPERTS) {
            throw config.wrong("moe_num_routed_experts", "at most " + MAX_EXPERTS / layers.size() + " in each of "
                    + layers.size() + " layers", count);
        }
        int used = config.optional("moe_num_active_experts", 1);
        if (used > count) {
            throw config.wrong("moe_num_active_experts", "at most the number of experts, " + count, used);
        }
        return new ModelConfig.Experts(
                count, used, config.optional("moe_routed_intermediate_size", 768), used > 1, layers);
    }

    /** Returns a width that may be absent: 0 or null means none. */
    private int absentOr(String key, int absent) {
        return config.mentions(key) ? config.countOr(key, 0) : absent;
    }

    private ModelConfig.LatentExperts latentExperts() {
        return new ModelConfig.LatentExperts(
                absentOr("moe_routed_input_dim", 384), absentOr("moe_shared_intermediate_size", 768),
                config.flag("moe_shared_expert_gate", false),
                (float) config.number("moe_routed_scaling_factor", 2.5));
    }
}
