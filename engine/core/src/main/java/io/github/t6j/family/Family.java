package io.github.t6j.family;

import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.NamedTensors;
import io.github.t6j.model.TensorSpec;
import java.util.List;

/** Models of one origin, with the same tensor names and conventions. */
public interface Family {
    /** Returns the name, as in {@link ModelConfig#family()}. */
    String name();

    /** Returns true if a checkpoint's tensors have this family's names. */
    boolean recognizes(NamedTensors tensors);

    /**
     * Reads the configuration of a checkpoint.
     *
     * @throws io.github.t6j.ModelFormatException if shapes and files contradict each other, or the engine does not run
     *     this model of the family
     */
    ModelConfig read(NamedTensors tensors, ModelMetadata description);

    /** Returns true if its checkpoints have no tokenizer and use GPT-2's ids. */
    default boolean usesGpt2Tokenizer() {
        return false;
    }

    /**
     * Returns true if a matrix keeps its type in a conversion: a router, which would otherwise choose different
     * experts.
     */
    default boolean keepsType(String matrix) {
        return false;
    }

    /** Returns the tensors of a model. Matrices of one role are packed in this order, one below the other. */
    List<TensorSpec> tensors(ModelConfig config);
}
