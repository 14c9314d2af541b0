package io.github.t6j.family;

import io.github.t6j.RopeVariant;
import java.util.Map;

/**
 * What is said of a model beside its weights.
 *
 * @param config config.json
 * @param variantJson t6j.json
 * @param said the variant as {@code --variant} says it, which overrides t6j.json's, or null
 */
public record Description(ConfigJson config, VariantJson variantJson, RopeVariant said) {
    /** A description by config.json's keys alone, and a variant or null. */
    public static Description of(Map<String, Object> config, RopeVariant said) {
        return new Description(new ConfigJson(config, "config.json"), VariantJson.none(), said);
    }

    /** The variant that somebody said, or null. */
    public RopeVariant variant() {
        return said == null ? variantJson.variant() : said;
    }
}
