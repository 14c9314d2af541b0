package io.github.t6j.family.llama;

import io.github.t6j.family.ConfigJson;
import java.util.Map;

/** Properties of the RoPE of a model of this package, for display. */
public final class RopeProperties {
    private RopeProperties() {}

    /**
     * Returns type and base; if the frequencies are scaled, factor; original_length if a key states it; windowed_base
     * if layers with a window have another base; rotated_part if only a part of each head rotates.
     */
    public static Map<String, Object> of(ConfigJson config) {
        ConfigJson text = GemmaReader.textPart(config);
        LlamaType type = LlamaType.of(text);
        return switch (type) {
            case GEMMA3_TEXT -> GemmaReader.describeRope(text);
            case PHI3 -> Phi3Reader.describeRope(text);
            default -> LlamaRope.describe(text, type);
        };
    }
}
