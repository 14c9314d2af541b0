package io.github.t6j.family;

import io.github.t6j.ModelFormatException;
import io.github.t6j.RopeVariant;
import java.util.Map;

/**
 * Metadata that describes a model, apart from its weights.
 *
 * @param config config.json
 * @param variantJson t6j.json
 * @param variantOption variant given by {@code --variant}, which overrides t6j.json, or null
 */
public record ModelMetadata(ConfigJson config, VariantJson variantJson, RopeVariant variantOption) {
    /** Returns a description with the keys of config.json, and a variant or null. */
    public static ModelMetadata of(Map<String, Object> config, RopeVariant variantOption) {
        return new ModelMetadata(new ConfigJson(config, "config.json"), VariantJson.none(), variantOption);
    }

    /** Returns the variant that the user or t6j.json gives, or null. */
    public RopeVariant variant() {
        return variantOption == null ? variantJson.variant() : variantOption;
    }

    /**
     * Checks that the user and t6j.json give no variant other than full.
     *
     * @param message start of the error, to which the variant is added
     * @throws ModelFormatException if they do
     */
    public void checkFullRope(String message) {
        if (variant() != null && variant() != RopeVariant.FULL) {
            throw new ModelFormatException(message + VariantName.of(variant()));
        }
    }
}
