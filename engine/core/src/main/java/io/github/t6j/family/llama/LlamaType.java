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
    QWEN3(32_768, 10_000, false), SMOLLM3(32_768, 2_000_000, true), GRANITE(2048, 10_000, false),
    PHI3(4096, 10_000, false), GEMMA2(8192, 10_000, true), GEMMA3_TEXT(131_072, 1_000_000, true),
    QWEN3_MOE(32_768, 10_000, false), MIXTRAL(131_072, 1_000_000, false);

    /** Features that other models would need, for the error that rejects them. */
    private static final Map<String, String> OTHERS = Map.of(
            "gemma", "a GELU that its files do not define clearly",
            "phi", "layer norms and a parallel feed-forward part", "phimoe", "another router",
            "granitemoe", "experts whose matrices are in one tensor",
            "qwen2_moe", "an expert that all positions share",
            "olmo2", "norms after attention and feed-forward part", "cohere",
            "layer norms and a parallel feed-forward part");

    final int contextLength;
    final double ropeTheta;
    final boolean tied;

    LlamaType(int contextLength, double ropeTheta, boolean tied) {
        this.contextLength = contextLength;
        this.ropeTheta = ropeTheta;
        this.tied = tied;
    }

    double normEpsilon() {
        return this == PHI3 || this == MIXTRAL ? 1e-5 : 1e-6;
    }

    /** Returns true if the queries and keys of each head are normed. */
    boolean normsHeads() {
        return this == QWEN3 || this == QWEN3_MOE || this == GEMMA3_TEXT;
    }

    String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    boolean hasExperts() {
        return this == QWEN3_MOE || this == MIXTRAL;
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
