package io.github.t6j.family;

import io.github.t6j.model.NamedTensors;
import io.github.t6j.weights.Checkpoint;
import java.util.Map;

/**
 * A checkpoint's tensors by the names that families know.
 *
 * @param tensors read from the checkpoint, which must stay open
 * @param config what a GGUF file says of its model, as config.json does; null for other files
 */
public record ModelTensors(NamedTensors tensors, Map<String, Object> config) {
    /** @param where what to call the checkpoint in errors */
    public static ModelTensors of(Checkpoint checkpoint, String where) {
        if (checkpoint.gguf().isEmpty()) {
            return new ModelTensors(new NamedTensors(checkpoint.tensors(), where, checkpoint), null);
        }
        GgufNames gguf = new GgufNames(checkpoint, where);
        return new ModelTensors(new NamedTensors(gguf.tensors(), where, gguf), gguf.config());
    }
}
