package io.github.t6j.family;

import io.github.t6j.model.TensorSpec;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A model that is still to be made. */
public interface NewModel {
    /** Its config.json, as far as it is about sizes. */
    Map<String, Object> config();

    /** The same with other values of some of config.json's keys. */
    NewModel with(Map<String, Object> changed);

    /** A config.json whole: the sizes, and what the official ones have besides, none of which changes a result. */
    default Map<String, Object> configJson(String torchType) {
        Map<String, Object> config = new TreeMap<>(Map.of(
                "architectures", List.of("GPT"), "model_type", "gpt2", "bias", false, "using_groupnorm", false,
                "torch_dtype", torchType));
        config.putAll(config());
        return config;
    }

    /** Its t6j.json. */
    VariantJson variant();

    /** The same with another t6j.json. */
    NewModel with(VariantJson newVariant);

    /**
     * Every tensor of the model.
     *
     * @throws io.github.t6j.ModelFormatException if config.json lacks a size, or t6j.json is about another attention
     */
    List<TensorSpec> tensors();
}
