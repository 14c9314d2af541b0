package io.github.t6j.family;

import io.github.t6j.model.TensorSpec;
import io.github.t6j.weights.DType;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Configuration of a model that does not exist yet. */
public interface NewModel {
    /** Returns the keys of config.json that determine sizes. */
    Map<String, Object> config();

    /** Returns a copy with other values for some keys of config.json. */
    default NewModel with(Map<String, Object> changed) {
        Map<String, Object> keys = new TreeMap<>(config());
        keys.putAll(changed);
        return with(keys, variant());
    }

    /**
     * Returns a complete config.json: the sizes, and the other keys of the official files, none of which affects
     * results.
     */
    default Map<String, Object> configJson(String torchType) {
        Map<String, Object> config = new TreeMap<>(Map.of(
                "architectures", List.of("GPT"), "model_type", "gpt2", "bias", false, "using_groupnorm", false,
                "torch_dtype", torchType));
        config.putAll(config());
        return config;
    }

    /** Returns the gain of a new model's norms as its files store it, 1 or less an offset. */
    default float gain() {
        return 1f;
    }

    /** Returns the type that a tensor has in a model of {@code asked} weights; routers and gains are not quantised. */
    default DType storedType(TensorSpec tensor, DType asked) {
        return asked.isQuantized() && (tensor.isRouter() || tensor.isGain()) ? DType.F32 : asked;
    }

    /** Returns t6j.json. */
    VariantJson variant();

    /** Returns a copy with another t6j.json. */
    default NewModel with(VariantJson newVariant) {
        return with(config(), newVariant);
    }

    /** Returns a copy with another config.json and t6j.json. */
    NewModel with(Map<String, Object> newConfig, VariantJson newVariant);

    /**
     * Returns every tensor of the model.
     *
     * @throws io.github.t6j.ModelFormatException if config.json lacks a size, or t6j.json describes another attention
     */
    List<TensorSpec> tensors();
}
