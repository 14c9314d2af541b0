package io.github.t6j.family;

import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.NamedTensors;
import io.github.t6j.model.TensorSpec;
import java.util.List;

/** The models of one origin: the same names, the same conventions. */
public interface Family {
    /** Its name, {@link ModelConfig#family()}. */
    String name();

    /** Whether a checkpoint is of this family, by the names of its tensors. */
    boolean recognises(NamedTensors tensors);

    /**
     * What a checkpoint holds.
     *
     * @throws io.github.t6j.ModelFormatException if shapes and files contradict each other, or it is a model of the
     *     family that this engine does not run
     */
    ModelConfig read(NamedTensors tensors, Description description);

    /** Whether its checkpoints have no tokenizer, and were trained on GPT-2's ids. */
    default boolean speaksGpt2() {
        return false;
    }

    /** The tensors that a model has. Matrices of one role are packed in this order, one below the other. */
    List<TensorSpec> tensors(ModelConfig config);
}
