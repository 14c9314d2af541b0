package io.github.t6j.family;

import io.github.t6j.model.TensorSpec;
import java.util.List;
import java.util.Map;

/** A model that is still to be made. */
public interface NewModel {
    /** Its config.json, as far as it is about sizes. */
    Map<String, Object> config();

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
