package io.github.t6j.family.llama;

import io.github.t6j.ModelFormatException;
import io.github.t6j.family.ConfigJson;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Models of the Llama family by config.json's {@code model_type}, with the defaults of their classes for missing keys.
 */
enum LlamaType {
    LLAMA(2048, 10_000, false), MISTRAL(131_072, 10_000, false), QWEN2(32_768, 10_000, false),
    QWEN3(32_768, 10_000, false), SMOLLM3(32_768, 2_000_000, true);

    /** Features that other models would need, for the error that rejects them. */
    private static final Map<String, String> OTHERS = Map.of(
            "gemma", "norms whose gain is one more, a scaled embedding and another activation",
            "gemma2", "norms whose gain is one more, capped scores and two more norms a layer",
            "gemma3_text", "norms whose gain is one more and two kinds of RoPE",
            "phi3", "fused projections and RoPE of the type longrope",
            "mixtral", "experts", "qwen2_moe", "experts", "qwen3_moe", "experts",
            "olmo2", "norms after attention and feed-forward part", "granite",
            "factors of embedding, scores and residuals",
            "cohere", "layer norms and a parallel feed-forward part");

    final int contextLength;
    final double ropeTheta;
    final boolean tied;

    LlamaType(int contextLength, double ropeTheta, boolean tied) {
        this.contextLength = contextLength;
        this.ropeTheta = ropeTheta;
        this.tied = tied;
    }

    String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** @throws ModelFormatException if this engine does not run the model; the message names the missing features */
    static LlamaType of(ConfigJson config) {
        String found = config.text("model_type", "none");
        for (LlamaType type : values()) {
            if (type.word().equals(found)) {
                return type;
            }
        }
        String needs = OTHERS.containsKey(found) ? "; it would need " + OTHERS.get(found) : "";
        throw ModelFormatException.unsupported(config.where() + ": model_type: expected one of "
                + Arrays.stream(values()).map(LlamaType::word).collect(Collectors.joining(", ")) + ", found " + found
                + needs);
    }
}
