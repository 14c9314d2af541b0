package io.github.t6j.family.llama;

import io.github.t6j.attention.Rope;
import io.github.t6j.attention.TensorRole;
import io.github.t6j.family.ConfigJson;
import io.github.t6j.family.ModelMetadata;
import io.github.t6j.model.NamedTensors;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads the configuration of a Phi-3 or Phi-4 checkpoint: fused matrices, partial rotation, longrope. */
final class Phi3Reader extends LlamaReader {
    private static final int ORIGINAL = 4096; // if no key states it

    Phi3Reader(NamedTensors tensors, ModelMetadata description) {
        super(tensors, description, Set.of(LlamaType.PHI3));
    }

    @Override
    String family() {
        return Phi3Family.NAME;
    }

    /** Returns the heads of qkv_proj, whose rows are queries, keys and values; no shape shows where these begin. */
    @Override
    Heads heads() {
        int heads = config.required("num_attention_heads", "no tensor shows the number of query heads");
        int keys = config.optional("num_key_value_heads", heads);
        String fused = LlamaNames.layer(0, Phi3Family.QUERY_KEY_VALUE);
        if (heads + 2L * keys > size(fused, 0)) {
            throw config.wrong("num_key_value_heads", "heads that fit in the " + size(fused, 0) + " rows of " + fused,
                    keys + " beside " + heads + " query heads");
        }
        return new Heads(heads, quotient(fused, heads + 2 * keys, "heads of queries, keys and values"), keys);
    }

    @Override
    int hidden() {
        return quotient(LlamaNames.layer(0, Phi3Family.GATE_UP_NAME), 2, "parts, gate and up");
    }

    @Override
    Set<TensorRole> optional() {
        for (String key : List.of("attention_bias", "mlp_bias", "lm_head_bias")) {
            if (config.flag(key, false)) {
                throw config.wrong(key, "false", true).asUnsupported();
            }
        }
        return super.optional();
    }

    @Override
    Rope.Config rope(int headDim) {
        ConfigJson scaling = LlamaRope.scaling(config);
        double factor = rotatedPart(config, scaling);
        int rotary = (int) (headDim * factor);
        if (rotary < 2 || rotary > headDim || rotary % 2 != 0) {
            throw config.wrong("partial_rotary_factor", "an even part of " + headDim + " elements", factor);
        }
        int positions = positions(config);
        LlamaRope rope = rope(config, rotary);
        return isLongrope(scaling) ? rope.longrope(positions) : rope.config(positions);
    }

    private static LlamaRope rope(ConfigJson config, int rotary) {
        ConfigJson scaling = LlamaRope.scaling(config);
        int original = config.optional("original_max_position_embeddings",
                scaling.optional("original_max_position_embeddings", ORIGINAL));
        return new LlamaRope(rotary, scaling, LlamaRope.theta(config, LlamaType.PHI3, scaling), original);
    }

    private static int positions(ConfigJson config) {
        return config.optional("max_position_embeddings", LlamaType.PHI3.contextLength);
    }

    private static double rotatedPart(ConfigJson config, ConfigJson scaling) {
        return config.number("partial_rotary_factor", scaling.number("partial_rotary_factor", 1));
    }

    private static boolean isLongrope(ConfigJson scaling) {
        return switch (LlamaRope.type(scaling)) {
            case "default" -> false;
            case "longrope", "su", "yarn" -> true; // yarn is an old name of it in this family
            default -> throw scaling.wrong("rope_type", "default or longrope", LlamaRope.type(scaling)).asUnsupported();
        };
    }

    /** Returns the properties of RoPE: {@link LlamaRope#describe}, and rotated_part if not the whole head rotates. */
    static Map<String, Object> describeRope(ConfigJson config) {
        ConfigJson scaling = LlamaRope.scaling(config);
        Map<String, Object> keys =
                rope(config, 2).describe(config, isLongrope(scaling) ? "longrope" : "default", positions(config));
        if (rotatedPart(config, scaling) != 1) {
            keys.put("rotated_part", rotatedPart(config, scaling));
        }
        return keys;
    }
}
